"""A review as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deployments.cli.incidents import incident_in
from schemas.corrective import CorrectiveAction
from schemas.review import Question, Review, State, questions_of
from tasks.base.storable import first_line

LONGEST = 70
NEXT = {
    State.DRAFTED: "edit it: aeef review {id} --edit; once complete: aeef review-complete {id}",
    State.COMPLETE: "somebody else reads it, and then: aeef review-read {id}",
    State.READ: "close the incident: aeef close {id}",
}


def describe(data: dict[str, Any]) -> Iterator[str]:
    """How far it is, each question with its writer, what is missing, what comes next."""
    incident, review = incident_in(data), Review.model_validate(data["review"])
    due = f"{review.due_at:%Y-%m-%d %H:%M} UTC"
    late = "OVERDUE, it was due" if data["isOverdue"] else "due"
    yield f"Review of {incident.title}: {data['state']}; {late} {due}"
    for question in questions_of(review.form):
        yield f"  {question.title:<28}{_answer(review, question)}"
    actions = [CorrectiveAction.model_validate(each) for each in data["actions"]]
    yield f"corrective actions: {len(actions) or 'none'}"
    for each in actions:
        people = f"{each.owner} until {each.due_at:%Y-%m-%d}, {each.verifier} verifies"
        yield f"  {each.reference}  {each.category}, {each.stage}: {each.text} ({people})"
    if review.facts is None:
        again = f"aeef review {incident.short_id} --draft"
        yield f"not drafted from the record yet; to ask for it again: {again}"
    else:
        yield f"drafted from the record {review.facts.drafted_at:%Y-%m-%d %H:%M} UTC; not seen:"
        yield from (f"  {each}" for each in review.facts.not_seen)
    if data["missing"]:
        yield f"missing: {', '.join(data['missing'])}"
    yield NEXT[review.state].format(id=incident.short_id)
    yield data["url"]


def _answer(review: Review, question: Question) -> str:
    answer = review.texts.get(question.name)
    if answer is None or not answer.text:
        return "-" if question.is_required else "- (may stay empty)"
    by = f"({answer.actor}, {answer.at:%Y-%m-%d %H:%M})"
    return f"{first_line(answer.text, LONGEST)} {by}"
