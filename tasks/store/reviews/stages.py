"""How a review goes on: begun, drafted, complete, read; and what a close needs of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select

from schemas.corrective import CorrectiveAction, categories_of
from schemas.errors import NotPossibleNow
from schemas.incident import REVIEW_BEGUN, Incident, PostMortem
from schemas.lifecycle import NEEDS_REVIEW, Disposition, Standing, needs_review, review_severity
from schemas.review import Review, State, form_for, missing, post_mortem_of
from tasks.store.audit.audit import Chain
from tasks.store.corrective.rows import actions_in
from tasks.store.database.tables import audit
from tasks.store.records import Change
from tasks.store.reviews.rows import (
    is_afterwards,
    keep,
    note_texts,
    review_in,
    seal_of,
    texts_in,
    waits_anew,
)
from tasks.store.reviews.writing import OURS, end_runs, require_open, take_back

MOST_LINES = 1_000
"""Of the timeline in the record's post-mortem; the audit log has all."""


def begin(change: Change, standing: Standing, due_at: datetime, actor: str) -> bool:
    """Begin it, or begin it anew after the incident went on; False: it was begun before."""
    incident = change.incident
    if incident.resolved_at is None:
        raise NotPossibleNow(f"{incident.title} is {incident.status}: it is reviewed once resolved")
    before = review_in(change.chain.connection, str(incident.incident_id))
    if before is not None and before.resolved_at == incident.resolved_at:
        return False
    false_alarm = standing.disposition is Disposition.FALSE_ALARM
    review = Review(
        incident_id=incident.incident_id,
        occurrence=incident.occurrence,
        resolved_at=incident.resolved_at,
        form=form_for(review_severity(incident, standing), is_false_alarm=false_alarm),
        due_at=due_at,
        begun_at=change.chain.now,
    )
    keep(change.chain, review)
    again = "begun anew" if before else "begun"
    change.note(
        f"review {again}, due {due_at:%Y-%m-%d %H:%M} UTC",
        actor=actor,
        automated=actor == OURS,
        details=seal_of(review),
    )
    if actor != OURS or incident.severity not in NEEDS_REVIEW:
        # What ends as a P1 or P2 starts its flow with its own event.
        change.emit(REVIEW_BEGUN)
    return True


def complete(change: Change, actor: str) -> bool:
    """Somebody says that it is complete: its texts are sealed, the record gets its post-mortem.

    False: somebody said so before. Raises NotPossibleNow that names what is missing.
    """
    review = require_open(change)
    require_end(change, review)
    if review.state is not State.DRAFTED:
        return False
    actions = actions_in(change.chain.connection, review.incident_id)
    if lacks := missing(review.form, review.written, categories_of(actions)):
        raise NotPossibleNow(
            f"the review of {change.incident.title} is not complete: {'; '.join(lacks)}"
        )
    end_runs(change)
    done = review.model_copy(
        update={
            "state": State.COMPLETE,
            "completed_by": actor,
            "completed_at": change.chain.now,
            "draft_asked_at": None,
        }
    )
    keep(change.chain, done)
    _record(change, done, actions, "review complete: somebody else reads it", actor)
    return True


def read(change: Change, actor: str, readers: Collection[str] | None) -> bool:
    """Somebody who did not write it has read it; False: somebody did before.

    readers: who else may; None: not known. An author reads it where nobody else is left.
    """
    review = require_open(change)
    require_end(change, review)
    if review.state is State.READ:
        return False
    title, short = change.incident.title, change.incident.short_id
    if review.state is State.DRAFTED:
        raise NotPossibleNow(
            f"the review of {title} is not complete yet: `aeef review-complete {short}`"
        )
    if why := review.why_not_read_by(actor, readers):
        raise NotPossibleNow(f"the review of {title}: {why}")
    done = review.model_copy(
        update={"state": State.READ, "read_by": actor, "read_at": change.chain.now}
    )
    keep(change.chain, done)
    actions = actions_in(change.chain.connection, review.incident_id)
    alone = f" by one of its authors: all who may read it wrote it ({', '.join(readers or ())})"
    said = f"review read{alone if done.is_by(actor) else ''}"
    _record(change, done, actions, said, actor)
    return True


def goes_on(change: Change, actor: str) -> None:
    """The incident is not over: what was completed is taken back, and it begins anew later."""
    review = review_in(change.chain.connection, str(change.incident.incident_id))
    if review is None:
        return
    end_runs(change)
    if review.state is not State.DRAFTED:
        review = take_back(change, review, "the incident goes on", actor)
    waits_anew(change.chain, review)


def is_of_its_end(change: Change, review: Review) -> bool:
    """True unless the incident went on since the review was begun."""
    resolved_at = change.incident.resolved_at
    return resolved_at is not None and review.resolved_at == resolved_at


def require_end(change: Change, review: Review) -> None:
    """Raise NotPossibleNow while there is more to come than the review is about."""
    incident = change.incident
    if is_of_its_end(change, review):
        return
    if incident.resolved_at is None:
        raise NotPossibleNow(
            f"{incident.title} is {incident.status}: its review begins anew, with these texts,"
            " once it is resolved"
        )
    raise NotPossibleNow(
        f"{incident.title} went on since its review was begun: `aeef review-begin"
        f" {incident.short_id}` begins it anew, with these texts"
    )


def lacks_for_close(change: Change, standing: Standing) -> list[str]:
    """What the incident lacks to be closed, in words; empty: nothing.

    A P1 or P2 needs its review, read, and its corrective actions; a false alarm only the short
    form.
    """
    incident = change.incident
    if not needs_review(incident, standing):
        return []
    short = incident.short_id
    review = review_in(change.chain.connection, str(incident.incident_id))
    if review is None or review.resolved_at != incident.resolved_at:
        return [f"its review, which was not begun: `aeef review-begin {short}`"]
    actions = actions_in(change.chain.connection, review.incident_id)
    of_review = missing(review.form, review.written, categories_of(actions))
    lacks = [f"in its review: {', '.join(of_review)}"] if of_review else []
    if review.state is State.DRAFTED:
        lacks.append(f"somebody who calls it complete: `aeef review-complete {short}`")
    if review.state is not State.READ:
        lacks.append(f"somebody else who reads it: `aeef review-read {short}`")
    return lacks


def refresh_post_mortem(change: Change) -> dict[str, Any]:
    """The record's post-mortem with the corrective actions as they are now; empty: no review."""
    review = review_in(change.chain.connection, str(change.incident.incident_id))
    if review is None or review.state is State.DRAFTED:
        return {}
    actions = actions_in(change.chain.connection, review.incident_id)
    return {"post_mortem": _learned(change, review, actions)}


def _record(
    change: Change, review: Review, actions: list[CorrectiveAction], text: str, actor: str
) -> None:
    """One entry that seals every text, and the record's post-mortem and root cause."""
    rows = texts_in(change.chain.connection, str(review.incident_id))
    note_texts(change.chain, rows)
    cause = review.text("root-cause") or change.incident.root_cause
    change.record(
        text,
        actor=actor,
        automated=False,
        details=seal_of(review, rows),
        root_cause=cause,
        post_mortem=_learned(change, review, actions),
    )


def _learned(change: Change, review: Review, actions: list[CorrectiveAction]) -> PostMortem:
    lines = _timeline(change.chain, change.incident)
    return post_mortem_of(review, "\n".join(lines), [_line(each) for each in actions])


def _line(action: CorrectiveAction) -> str:
    return (
        f"{action.reference} ({action.category}): {action.text}; {action.owner} until"
        f" {action.due_at:%Y-%m-%d}, verified by {action.verifier}; {action.stage}"
    )


def _timeline(chain: Chain, incident: Incident) -> list[str]:
    """The incident's entries, each with its number in the audit log, without those of a review."""
    wanted = (audit.c.seq, audit.c.timestamp, audit.c.action, audit.c.actor, audit.c.details)
    query = select(*wanted).where(audit.c.incident_id == str(incident.incident_id))
    rows = [
        row
        for row in chain.connection.execute(query.order_by(audit.c.seq))
        if not is_afterwards(json.loads(row.details))
    ]
    lines = [f"{r.timestamp[:19]}Z #{r.seq} {r.action} ({r.actor})" for r in rows[:MOST_LINES]]
    if len(rows) > MOST_LINES:
        lines.append(f"further entries after #{rows[MOST_LINES - 1].seq} are in the audit log")
    return lines
