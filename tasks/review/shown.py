"""A review as people see it, as data: the page and every export are made from this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from schemas.corrective import CorrectiveAction, categories_of, is_overdue
from schemas.errors import NotPossibleNow
from schemas.incident import Incident, canonical_json
from schemas.incident.audit import hash_of_text
from schemas.model import utc_now
from schemas.review import Answer, Form, Question, Review, State, form_for, missing, questions_of
from tasks.review.parts import Part, parts_of, proposed
from tasks.store import Store
from tasks.store.database.readable import Readable, readable

AT_ALL = datetime(9999, 1, 1, tzinfo=UTC)


class ShownQuestion(NamedTuple):
    """A question, and what stands there.

    answer: None: nobody has written anything yet. earlier: what others, or the same person, wrote
    before, each as its author left it, the newest first. proposal: what the record would say.
    """

    question: Question
    answer: Answer | None
    earlier: Sequence[Answer] = ()
    proposal: str = ""

    @property
    def text(self) -> str:
        """What stands there now."""
        return self.answer.text if self.answer else ""

    @property
    def revision(self) -> int:
        """Of what stands there; 0: nothing yet."""
        return self.answer.revision if self.answer else 0


class InShort(NamedTuple):
    """How far a review is, in one sentence without its full stop, and when it is due."""

    state: str
    due_at: datetime
    is_overdue: bool


class ShownReview(NamedTuple):
    """A review at one moment.

    facts: what the record says, section by section. missing: what it lacks to be complete, in
    words. actions: the corrective ones, in the order in which they were added.
    """

    incident: Incident
    review: Review
    questions: list[ShownQuestion]
    facts: list[Part]
    actions: list[CorrectiveAction]
    missing: list[str]
    now: datetime

    @property
    def short(self) -> InShort:
        """How far it is."""
        return in_short(self.review, self.now)

    @property
    def mark(self) -> str:
        """Changes with whatever an open page shows beside the texts of the questions."""
        review = self.review
        beside = review.model_copy(update={"texts": {}, "authors": (), "facts": None}).to_json()
        drafted = review.facts.drafted_at.isoformat() if review.facts else ""
        actions = [each.to_json() for each in self.actions]
        about = [beside, drafted, actions, self.missing, self.incident.status.value]
        return hash_of_text(canonical_json(about))[:16]

    def overdue(self, action: CorrectiveAction) -> bool:
        """True when a corrective action should have been verified by now."""
        return is_overdue(action, self.now)


def in_short(review: Review, now: datetime) -> InShort:
    """How far a review is."""
    match review.state:
        case State.READ:
            state = f"Completed by {review.completed_by}, read by {review.reader}"
        case State.COMPLETE:
            state = f"Completed by {review.completed_by}; somebody else has to read it"
        case State.DRAFTED:
            state = "Being written"
    return InShort(state, review.due_at, review.state is not State.READ and review.due_at <= now)


def standing_of(incident: Incident, store: Store) -> InShort | None:
    """How far the review of an incident is; None: there is none."""
    review = store.reviews.of(incident.incident_id)
    return in_short(review, utc_now()) if review else None


def shown_review(incident_id: str, store: Store, *, in_full: bool = True) -> ShownReview:
    """The review of an incident. in_full: with its facts, and with earlier texts.

    Raises IncidentNotFound; NotPossibleNow when there is none.
    """
    incident = store.incident(incident_id)
    review = store.reviews.of(incident.incident_id)
    if review is None:
        raise NotPossibleNow(f"{incident.title}: {none_yet(incident)}")
    return shown_of(incident, review, store, in_full=in_full)


def shown_of(incident: Incident, review: Review, store: Store, *, in_full: bool) -> ShownReview:
    """This review, with what stands beside it."""
    actions = store.corrective.of(incident.incident_id)
    asked = questions_of(review.form)
    return ShownReview(
        incident=incident,
        review=review,
        questions=[
            _in_full(each, review, store)
            if in_full
            else ShownQuestion(each, review.texts.get(each.name))
            for each in asked
        ],
        facts=parts_of(review.facts) if review.facts and in_full else [],
        actions=actions,
        missing=missing(review.form, review.written, categories_of(actions)),
        now=utc_now(),
    )


def _in_full(question: Question, review: Review, store: Store) -> ShownQuestion:
    answer = review.texts.get(question.name)
    if answer is None or answer.revision == 1:
        proposal = proposed(question.name, review.facts) if review.facts else ""
        return ShownQuestion(question, answer, proposal="" if answer else proposal)
    before = store.reviews.history(review.incident_id, question.name)
    earlier = [each for each in before if each.revision < answer.revision]
    return ShownQuestion(question, answer, earlier[::-1])


def none_yet(incident: Incident) -> str:
    """That there is no review, in words without a full stop."""
    if form_for(incident.severity) is Form.FULL and not incident.status.is_over:
        return f"no review was begun yet: that of a {incident.severity} begins when it is resolved"
    return "no review was begun yet"


def unread(store: Store, *, after: str = "", limit: int | None = None) -> Readable[ShownReview]:
    """Reviews that nobody has read yet, the one due first first. after: an incident's number."""
    listed = store.reviews.due(AT_ALL, after=after, limit=limit)
    shown = readable(
        listed.found,
        lambda each: str(each[0].incident_id),
        lambda each: shown_of(*each, store, in_full=False),
    )
    return Readable(shown.found, [*listed.broken, *shown.broken])
