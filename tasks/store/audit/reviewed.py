"""Verifies reviews and what people wrote in them against what the entries say of them."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Table, select

from schemas.errors import AuditBroken
from schemas.incident import hash_of, hash_of_text
from tasks.base.storable import moment_text
from tasks.store.database.tables import review_history, review_texts, reviews

_OF_ONE_QUESTION = 200


class TextSeal(NamedTuple):
    """The hash of one revision of a text according to an entry."""

    seq: int
    revision: int
    hash: str


class ReviewSeals:
    """What the entries say of one review.

    document: the newest hash of it. is_sealed: no text is newer than its newest revision here.
    texts: every revision that is on record, by question, the newest last.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.document = ""
        self.is_sealed = False
        self.texts: dict[str, dict[int, TextSeal]] = {}

    def note(self, seq: int, seal: dict[str, Any]) -> None:
        """Take in one entry; in their order."""
        self.seq, self.document = seq, str(seal.get("document"))
        self.is_sealed = seal.get("isSealed") is True
        texts = seal.get("texts")
        for question, (revision, text_hash) in (texts if isinstance(texts, dict) else {}).items():
            known = self.texts.setdefault(question, {})
            known.setdefault(revision, TextSeal(seq, revision, text_hash))


def text_hash(row: Row[Any]) -> str:
    """SHA-256 over a text, who wrote it and when, as stored."""
    return hash_of([row.text, row.actor, row.at])


def verify_reviews(
    connection: Connection, seals: dict[str, ReviewSeals], only: Iterable[str] | None = None
) -> None:
    """Verify that every review is as its entries left it; none missing, none invented.

    only: of these incidents; None: of all. Raises AuditBroken that names the first one.
    """
    ids = None if only is None else sorted(only)
    left = dict(seals)
    with closing(_rows(connection, reviews, ids)) as rows:
        for row in rows:
            seal = left.pop(row.incident_id, None)
            if seal is None or hash_of_text(row.document) != seal.document:
                raise _broken(row.incident_id, seal, "it was changed outside AEEF Runbooks")
            said = json.loads(row.document)
            due_at = moment_text(datetime.fromisoformat(said["dueAt"]))
            if (row.form, row.state, row.due_at) != (said["form"], said["state"], due_at):
                raise _broken(row.incident_id, seal, "its columns were changed")
    for incident_id, seal in left.items():
        raise _broken(incident_id, seal, "it was deleted")
    _verify_texts(connection, seals, ids)
    _verify_history(connection, seals, ids)


def _verify_texts(
    connection: Connection, seals: dict[str, ReviewSeals], ids: list[str] | None
) -> None:
    """A text is as the newest entry has it, or newer while the review is still being written."""
    left = {(i, question) for i, seal in seals.items() for question in seal.texts}
    with closing(_rows(connection, review_texts, ids)) as rows:
        for row in rows:
            left.discard((row.incident_id, row.question))
            seal = seals.get(row.incident_id)
            if not _is_as_sealed(row, seal):
                raise _broken(row.incident_id, seal, f"the text of '{row.question}' was changed")
    for incident_id, question in sorted(left):
        raise _broken(incident_id, seals[incident_id], f"the text of '{question}' was deleted")


def _is_as_sealed(row: Row[Any], seal: ReviewSeals | None) -> bool:
    if seal is None:
        return False
    known = seal.texts.get(row.question, {})
    newest = known[max(known)] if known else TextSeal(0, 0, "")
    if row.revision > newest.revision:
        return not seal.is_sealed
    return row.revision == newest.revision and text_hash(row) == newest.hash


def _verify_history(
    connection: Connection, seals: dict[str, ReviewSeals], ids: list[str] | None
) -> None:
    left = {
        (i, question, revision): text
        for i, seal in seals.items()
        for question, revisions in seal.texts.items()
        for revision, text in revisions.items()
    }
    with closing(_rows(connection, review_history, ids)) as rows:
        for row in rows:
            text = left.pop((row.incident_id, row.question, row.revision), None)
            if text is None or text_hash(row) != text.hash:
                what = f"revision {row.revision} of '{row.question}' was changed"
                raise _broken(row.incident_id, seals.get(row.incident_id), what)
    for incident_id, question, revision in left:
        what = f"revision {revision} of '{question}' was deleted"
        raise _broken(incident_id, seals[incident_id], what)


def _rows(connection: Connection, table: Table, ids: list[str] | None) -> Generator[Row[Any]]:
    queries: list[Select[Any]] = [select(table)]
    if ids is not None:
        queries = [
            select(table).where(table.c.incident_id.in_(ids[start : start + _OF_ONE_QUESTION]))
            for start in range(0, len(ids), _OF_ONE_QUESTION)
        ]
    for query in queries:
        # Closed with the generator: else PostgreSQL's cursor stays open.
        with connection.execute(query, execution_options={"yield_per": 1000}) as found:
            yield from found


def _broken(incident_id: str, seal: ReviewSeals | None, what: str) -> AuditBroken:
    by = f"audit entry {seal.seq}" if seal else "no audit entry"
    return AuditBroken(f"the review of incident {incident_id} is not as {by} left it: {what}")
