"""What people write into a review: one text for each question, and who wrote which."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, insert, update

from schemas.errors import InvalidInput, NotPossibleNow
from schemas.incident import Status
from schemas.people import name_on_record
from schemas.review import Answer, Form, Review, State, normal_text, questions_of
from tasks.base.storable import moment_text
from tasks.store.audit.audit import Chain
from tasks.store.database.tables import review_texts
from tasks.store.records import Change
from tasks.store.reviews.rows import answer_of, keep, note_run, review_in, seal_of, texts_in

OURS = "aeef-runbooks"
RUN_ENDS = timedelta(minutes=10)
"""So long without a change, and what somebody was writing is put on record."""
TITLES = {each.name: each.title for each in questions_of(Form.FULL)}


def write(
    change: Change, question: str, text: str, actor: str, seen: int, *, goes_on: bool
) -> Answer:
    """Write the text of a question. goes_on: the writer writes on, so no entry is made yet.

    What somebody else wrote before is put on record first. Raises NotPossibleNow when the text
    is not the one that its writer saw, and InvalidInput when it cannot be an answer.
    """
    review = require_open(change)
    text = _required(review, question, normal_text(text))
    row = _row(change.chain, review, question)
    if (row.revision if row else 0) != seen:
        raise NotPossibleNow(_conflict(question, row))
    if row is not None and row.text == text:
        if not goes_on:
            note_run(change, review, row, TITLES[question])
        return answer_of(row)
    if row is not None and _is_another_run(change, row, actor):
        note_run(change, review, row, TITLES[question])
        row = _row(change.chain, review, question)
    _put(change.chain, review, row, question, text, actor, seen)
    if review.state is not State.DRAFTED:
        review = take_back(change, review, f"'{TITLES[question]}' changed", actor)
    row = _row(change.chain, review, question)
    assert row is not None
    if not goes_on:
        note_run(change, review, row, TITLES[question])
    return answer_of(row)


def end_runs(change: Change, *, before: str = "") -> int:
    """Put on record what nobody changed since then (a stored time); how many texts.

    before: empty: all of them.
    """
    review = review_in(change.chain.connection, str(change.incident.incident_id))
    if review is None:
        return 0
    rows = texts_in(change.chain.connection, str(review.incident_id))
    ended = [r for r in rows if r.revision > r.noted and (not before or r.at <= before)]
    for row in ended:
        note_run(change, review, row, TITLES.get(row.question, row.question))
    return len(ended)


def take_back(change: Change, review: Review, why: str, actor: str) -> Review:
    """It is to be completed and read again; so the record has no post-mortem until then."""
    drafted = review.model_copy(
        update={
            "state": State.DRAFTED,
            "completed_by": None,
            "completed_at": None,
            "read_by": None,
            "read_at": None,
        }
    )
    keep(change.chain, drafted)
    change.record(
        f"the review is to be completed and read again: {why}",
        actor=actor,
        automated=actor == OURS,
        details=seal_of(drafted),
        post_mortem=None,
    )
    return drafted


def require_open(change: Change) -> Review:
    """The review, where it can be changed. Raises NotPossibleNow."""
    incident = change.incident
    review = review_in(change.chain.connection, str(incident.incident_id))
    if review is None:
        raise NotPossibleNow(
            f"{incident.title} has no review yet: `aeef review-begin {incident.short_id}`"
        )
    if incident.status is Status.CLOSED and review.state is State.READ:
        raise NotPossibleNow(
            f"{incident.title} is closed, and its review with it: reopen it first,"
            f" `aeef reopen {incident.short_id} --reason …`"
        )
    return review


def _required(review: Review, question: str, text: str) -> str:
    asked = {each.name: each for each in questions_of(review.form)}.get(question)
    if asked is None:
        names = ", ".join(each.name for each in questions_of(review.form))
        raise InvalidInput(f"question: there is no {question[:40]!a}; there are: {names}")
    if text and asked.choices and text not in asked.choices:
        raise InvalidInput(f"{question}: one of {', '.join(asked.choices)}, not {text[:40]!a}")
    return text


def _row(chain: Chain, review: Review, question: str) -> Row[Any] | None:
    rows = texts_in(chain.connection, str(review.incident_id))
    return next((row for row in rows if row.question == question), None)


def _is_another_run(change: Change, row: Row[Any], actor: str) -> bool:
    if name_on_record(row.actor) != name_on_record(actor):
        return True
    return bool(row.at <= moment_text(change.chain.now - RUN_ENDS))


def _conflict(question: str, row: Row[Any] | None) -> str:
    if row is None:
        return f"'{TITLES[question]}' has no text yet: look at it first"
    return (
        f"'{TITLES[question]}' was written by {row.actor} at {row.at[:16].replace('T', ' ')} UTC"
        f" meanwhile (revision {row.revision}): look at it first"
    )


def _put(
    chain: Chain,
    review: Review,
    row: Row[Any] | None,
    question: str,
    text: str,
    actor: str,
    seen: int,
) -> None:
    of = str(review.incident_id)
    values = {"text": text, "actor": actor, "at": moment_text(chain.now), "revision": seen + 1}
    if row is None:
        new = insert(review_texts).values(incident_id=of, question=question, noted=0, **values)
        chain.connection.execute(new)
        return
    is_it = (review_texts.c.incident_id == of) & (review_texts.c.question == question)
    chain.connection.execute(update(review_texts).where(is_it).values(**values))
