"""The rows of a review, and how an audit entry vouches for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, insert, select, update

from schemas.errors import AuditBroken
from schemas.incident import canonical_json, hash_of_text
from schemas.review import Answer, Review, State
from tasks.base.storable import moment_text
from tasks.store.audit.audit import Chain
from tasks.store.audit.reviewed import text_hash
from tasks.store.database.tables import review_history, review_texts, reviews
from tasks.store.records import Change

_HISTORY = tuple(column.name for column in review_history.columns)


def review_in(connection: Connection, incident_id: str) -> Review | None:
    """The review with its answers, as the transaction sees it."""
    query = select(reviews).where(reviews.c.incident_id == incident_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    written = texts_in(connection, incident_id)
    before = connection.execute(
        select(review_history.c.actor)
        .where(review_history.c.incident_id == incident_id)
        .order_by(review_history.c.at)
    ).scalars()
    try:
        review = Review.model_validate(json.loads(row.document))
    except (ValidationError, ValueError) as error:
        raise AuditBroken(
            f"the review of incident {incident_id} cannot be read: it was changed outside AEEF "
            "Runbooks; `aeef audit verify` reports more"
        ) from error
    authors = dict.fromkeys([*before, *(each.actor for each in written)])
    texts = {each.question: answer_of(each) for each in written}
    return review.model_copy(update={"texts": texts, "authors": tuple(authors)})


def texts_in(connection: Connection, incident_id: str) -> list[Row[Any]]:
    """The newest text of each question."""
    query = select(review_texts).where(review_texts.c.incident_id == incident_id)
    return list(connection.execute(query.order_by(review_texts.c.question)).all())


def answer_of(row: Row[Any]) -> Answer:
    """What a row of texts, or of the history, says."""
    at = datetime.fromisoformat(row.at)
    return Answer(text=row.text, actor=row.actor, at=at, revision=row.revision)


def keep(chain: Chain, review: Review) -> Review:
    """Write its row; the caller puts it on record with `seal_of`."""
    wanted = str(review.incident_id)
    is_it = reviews.c.incident_id == wanted
    columns = _columns(review)
    there = chain.connection.execute(update(reviews).where(is_it).values(**columns)).rowcount
    if not there:
        chain.connection.execute(insert(reviews).values(incident_id=wanted, **columns))
    return review


def waits_anew(chain: Chain, review: Review) -> None:
    """The incident went on again: once that is over, its review begins anew."""
    is_it = reviews.c.incident_id == str(review.incident_id)
    chain.connection.execute(update(reviews).where(is_it).values(waits=1))


def seal_of(review: Review, noted: Iterable[Row[Any]] = ()) -> dict[str, Any]:
    """For the details of an entry: the hashes by which verifying finds what was changed outside.

    noted: texts whose last revision this entry puts on record. isSealed: no text may be newer
    than its last revision on record until another entry says so.
    """
    return {
        "review": {
            "document": hash_of_text(_document(review)),
            "texts": {each.question: [each.revision, text_hash(each)] for each in noted},
            "isSealed": review.state is not State.DRAFTED,
        }
    }


def is_afterwards(details: Mapping[str, Any]) -> bool:
    """True for an entry about a review or a corrective action: no part of what happened."""
    return "review" in details or "corrective" in details


def note_texts(chain: Chain, rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Keep those that no entry has yet in the history; the caller's entry vouches for them."""
    new = [each for each in rows if each.revision > each.noted]
    for each in new:
        is_it = (review_texts.c.incident_id == each.incident_id) & (
            review_texts.c.question == each.question
        )
        of = {name: each._mapping[name] for name in _HISTORY}  # noqa: SLF001
        chain.connection.execute(insert(review_history).values(**of))
        chain.connection.execute(update(review_texts).where(is_it).values(noted=each.revision))
    return new


def note_run(change: Change, review: Review, row: Row[Any], title: str) -> None:
    """Put on record what its author wrote of one question, when that is not there yet."""
    if noted := note_texts(change.chain, [row]):
        change.note(
            f"review: wrote '{title}' (revision {row.revision})",
            actor=row.actor,
            automated=False,
            details=seal_of(review, noted),
        )


def _document(review: Review) -> str:
    bare = review.model_copy(update={"texts": {}, "authors": ()})
    return canonical_json(bare.to_json())


def _columns(review: Review) -> dict[str, Any]:
    return {
        "form": review.form.value,
        "state": review.state.value,
        "due_at": moment_text(review.due_at),
        "document": _document(review),
        "waits": 0,
    }
