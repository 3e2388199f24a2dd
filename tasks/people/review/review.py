"""What people do to the review of an incident: begin, write, complete and read it."""

from __future__ import annotations

from pydantic import Field

from schemas.errors import NotAllowed
from schemas.incident import Incident
from schemas.model import Model, utc_now
from schemas.people import Right
from schemas.review import LONGEST_ANSWER, QUESTIONS, Review
from tasks.base.wake_up import wake
from tasks.people.act import Done, Hand, Nothing, PersonAct
from tasks.people.channels import show_everywhere
from tasks.people.fields import POSITIONAL, REST, Words
from tasks.people.review.readers import MAY_READ, readers_of
from tasks.review.due import due_at


class Answering(Model):
    """One question of the review, and what is written for it."""

    question: Words = Field(
        description=f"One of: {', '.join(each.name for each in QUESTIONS)}.",
        json_schema_extra=POSITIONAL,
    )
    text: str = Field(
        max_length=LONGEST_ANSWER, description="The text.", json_schema_extra=POSITIONAL | REST
    )
    seen: int = Field(
        default=-1,
        description="The revision that you have read: a newer one by somebody else is kept."
        " Without it, the text replaces what is there.",
    )
    goes_on: bool = Field(
        default=False, description="It is saved while you write on; it goes on record later."
    )


def _begin(hand: Hand, _asked: Nothing) -> Done:
    incident, standing = hand.incident, hand.store.lifecycle.standing(hand.incident_id)
    due = due_at(incident, standing, hand.settings, utc_now())
    done = hand.store.reviews.begin(hand.incident_id, due, actor=hand.actor.on_record)
    said = f"{incident.title}: review due {done.review.due_at:%Y-%m-%d %H:%M} UTC"
    return Done(done.incident, said, done.changed)


def _draft(hand: Hand, _asked: Nothing) -> Done:
    done = hand.store.reviews.ask_draft(hand.incident_id, actor=hand.actor.on_record)
    title = done.incident.title
    if not done.changed:
        return Done(done.incident, f"{title}: its draft was asked for minutes ago", changed=False)
    wake(hand.settings.dispatcher_pipe)
    said = f"{title}: the draft of its review is asked for; it comes once Prefect answers"
    return Done(done.incident, said)


def _answer(hand: Hand, asked: Answering) -> Done:
    _require_proof(hand, "its texts are written")
    reviews, actor = hand.store.reviews, hand.actor.on_record
    incident, before = hand.incident, reviews.of(hand.incident_id)
    there = before.texts.get(asked.question) if before else None
    revision = there.revision if there else 0
    answer = reviews.answer(
        hand.incident_id,
        asked.question,
        asked.text,
        actor=actor,
        seen=revision if asked.seen < 0 else asked.seen,
        goes_on=asked.goes_on,
    )
    said = f"{incident.title}: '{asked.question}' is revision {answer.revision}"
    return Done(hand.incident, said, answer.revision != revision)


def _complete(hand: Hand, _asked: Nothing) -> Done:
    _require_proof(hand, "it is called complete")
    done = hand.store.reviews.complete(hand.incident_id, actor=hand.actor.on_record)
    said = f"{done.incident.title}: review {_standing(done.review)}"
    return _shown(hand, done.incident, said, changed=done.changed)


def _read(hand: Hand, _asked: Nothing) -> Done:
    _require_proof(hand, "it counts as read")
    readers = readers_of(hand.settings)
    done = hand.store.reviews.read(hand.incident_id, actor=hand.actor.on_record, readers=readers)
    said = f"{done.incident.title}: review {_standing(done.review)}"
    return _shown(hand, done.incident, said, changed=done.changed)


def _require_proof(hand: Hand, what: str) -> None:
    """Raise NotAllowed where people are configured, and it is none of them.

    Also for its texts: who writes as a user of this machine, or under any name by a link, could
    read their own words as somebody else.
    """
    if (hand.settings.people or hand.settings.oidc is not None) and not hand.actor.is_proven:
        raise NotAllowed(
            f"{hand.actor.called}: nothing proves who you are, and of a review {what} by somebody"
            " that we know: sign in on the page, or set AEEF_URL and AEEF_TOKEN"
        )


def _standing(review: Review) -> str:
    by = f", completed by {review.completed_by}" if review.completed_by else ""
    return f"{review.state}{by}" + (f", read by {review.reader}" if review.read_by else "")


def _shown(hand: Hand, incident: Incident, said: str, *, changed: bool) -> Done:
    return Done(incident, said, changed, show_everywhere(hand, incident) if changed else "")


BEGIN_REVIEW = PersonAct(
    name="review-begin",
    title="Begin the review",
    does="Begins the review of what was resolved: of a P1 or P2 it begins by itself.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_begin,
    undone="Not undone: it has its day from then on.",
)
DRAFT_REVIEW = PersonAct(
    name="review-draft",
    title="Draft it from the record again",
    does="What the record says is read anew, by a run in Prefect; what people wrote stays.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_draft,
    undone="Not undone: that it was drafted before stays on record.",
)
ANSWER_REVIEW = PersonAct(
    name="review-answer",
    title="Write in the review",
    does="Writes the text of one question of the review; what was there stays on record.",
    right=Right.RESPOND,
    asks=Answering,
    do=_answer,
    undone="Undone by writing it again; what was there stays on record.",
)
COMPLETE_REVIEW = PersonAct(
    name="review-complete",
    title="Review is complete",
    does="Seals the texts of the review, and puts its post-mortem on record.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_complete,
    undone="A text that changes afterwards takes it back.",
)
READ_REVIEW = PersonAct(
    name="review-read",
    title="I have read the review",
    does="Says that you, who did not write it, have read the completed review.",
    right=MAY_READ,
    asks=Nothing,
    do=_read,
    undone="A text that changes afterwards takes it back.",
)
