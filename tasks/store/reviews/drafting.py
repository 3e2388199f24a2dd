"""What the record says is drafted into a review by its flow: asked for, and kept."""

from __future__ import annotations

from datetime import timedelta

from schemas.errors import NotPossibleNow
from schemas.incident import REVIEW_BEGUN
from schemas.review import Facts, State
from tasks.store.records import Change
from tasks.store.reviews.rows import keep, review_in, seal_of
from tasks.store.reviews.stages import is_of_its_end, require_end
from tasks.store.reviews.writing import OURS, require_open

ASKED_ANEW = timedelta(minutes=5)
"""Who asks again before that waits for the run that was asked for."""


def draft(change: Change, facts: Facts) -> bool:
    """Keep what the record says; once people have completed the review, only where it has nothing.

    Whoever is quick, or works while Prefect is away, completes it before it was drafted.
    """
    review = review_in(change.chain.connection, str(change.incident.incident_id))
    if review is None or not is_of_its_end(change, review):
        return False
    if review.facts is not None and review.state is not State.DRAFTED:
        return False
    drafted = review.model_copy(update={"facts": facts, "draft_asked_at": None})
    keep(change.chain, drafted)
    unseen = f"; not seen: {len(facts.not_seen)}" if facts.not_seen else ""
    change.note(
        f"review drafted from the record{unseen}",
        actor=OURS,
        automated=True,
        details=seal_of(drafted),
    )
    return True


def ask_draft(change: Change, actor: str) -> bool:
    """Its flow drafts it, again where it did before; False: somebody has just asked for that.

    What people wrote stays. Raises NotPossibleNow once it is complete with what it has.
    """
    review, now = require_open(change), change.chain.now
    require_end(change, review)
    if review.state is not State.DRAFTED and review.facts is not None:
        raise NotPossibleNow(
            f"the review of {change.incident.title} is {review.state} with what was drafted: it"
            " stays as its reader sees it, until a text changes"
        )
    if review.draft_asked_at is not None and now - review.draft_asked_at < ASKED_ANEW:
        return False
    asked = review.model_copy(update={"draft_asked_at": now})
    keep(change.chain, asked)
    change.note(
        "asked for the review to be drafted from the record again",
        actor=actor,
        automated=False,
        details=seal_of(asked),
    )
    change.emit(REVIEW_BEGUN)
    return True
