"""A review as people see it, as data: the page and every export are made from this."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from schemas.corrective import CorrectiveAction, is_overdue
from schemas.errors import NotPossibleNow
from schemas.incident import Incident, canonical_json
from schemas.incident.audit import hash_of_text
from schemas.model import utc_now
from schemas.review import Answer, Form, Question, Review, State, form_for, missing, questions_of
from tasks.review.parts import Part, parts_of
from tasks.store import Store

AT_ALL = datetime(9999, 1, 1, tzinfo=UTC)


class ShownQuestion(NamedTuple):
    """A question, and what stands there. answer: None: nobody has written anything yet."""

    question: Question
    answer: Answer | None

    @property
    def text(self) -> str:
        """What stands there now."""
        return self.answer.text if self.answer else ""

    @property
    def revision(self) -> int:
        """Of what stands there; 0: nothing yet."""
        return self.answer.revision if self.answer else 0


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
    def is_overdue(self) -> bool:
        """True when it should have been read by now."""
        return self.review.state is not State.READ and self.review.due_at <= self.now

    @property
    def state(self) -> str:
        """How far it is, in one sentence without its full stop."""
        review = self.review
        if review.state is State.READ:
            return f"Completed by {review.completed_by}, read by {review.read_by}"
        if review.state is State.COMPLETE:
            return f"Completed by {review.completed_by}; somebody else has to read it"
        return "It is being written"

    @property
    def mark(self) -> str:
        """Changes with whatever an open page shows beside the texts of the questions."""
        beside = self.review.model_copy(update={"texts": {}}).to_json()
        actions = [each.to_json() for each in self.actions]
        return hash_of_text(canonical_json([beside, actions, self.missing]))[:16]

    def overdue(self, action: CorrectiveAction) -> bool:
        """True when a corrective action should have been verified by now."""
        return is_overdue(action, self.now)


def shown_review(incident_id: str, store: Store) -> ShownReview:
    """The review of an incident. Raises IncidentNotFound; NotPossibleNow when there is none."""
    incident = store.incident(incident_id)
    review = store.reviews.of(incident.incident_id)
    if review is None:
        raise NotPossibleNow(f"{incident.title}: {none_yet(incident)}")
    return shown_of(incident, review, store)


def shown_of(incident: Incident, review: Review, store: Store) -> ShownReview:
    """This review, with what stands beside it."""
    actions = store.corrective.of(incident.incident_id)
    texts = {name: each.text for name, each in review.texts.items()}
    return ShownReview(
        incident=incident,
        review=review,
        questions=[
            ShownQuestion(each, review.texts.get(each.name)) for each in questions_of(review.form)
        ],
        facts=parts_of(review.facts) if review.facts else [],
        actions=actions,
        missing=missing(review.form, texts, {each.category for each in actions}),
        now=utc_now(),
    )


def none_yet(incident: Incident) -> str:
    """That there is no review, in words without a full stop."""
    if form_for(incident.severity) is Form.FULL and not incident.status.is_over:
        return f"no review was begun yet: that of a {incident.severity} begins when it is resolved"
    return "no review was begun yet"


def unread(store: Store) -> list[ShownReview]:
    """Every review that nobody has read yet, the one due first first."""
    return [shown_of(incident, review, store) for incident, review in store.reviews.due(AT_ALL)]
