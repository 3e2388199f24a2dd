"""Reads the chain for whoever compares it with something else, or hands a part of it out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, select

from tasks.base.storable import moment_text
from tasks.store.audit.entries import streamed
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, incidents, review_history, review_texts, reviews
from tasks.store.records import find

_OF_ONE_QUESTION = 500


class Digest(NamedTuple):
    """An entry without what it says: enough to see that none is missing."""

    seq: int
    hash: str
    prev_hash: str


class Kept(NamedTuple):
    """What is kept of an incident exactly as it is kept, which entries seal.

    review: its document and every text that was written in it; None: none was begun.
    """

    incident_id: UUID
    number: int
    document: str
    alert: str
    review: dict[str, Any] | None


class AnchoredOutside(NamedTuple):
    """An entry that says that a head was anchored outside.

    machine: which did it. by, at: the entry's number and time.
    """

    seq: int
    hash: str
    places: tuple[str, ...]
    machine: str
    by: int
    at: datetime


class ChainReader:
    """The chain of one database, to be read: `store.chain`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def label(self) -> str:
        """The database's name for people, as the anchors have it."""
        return self._database.label

    def hashes(self, wanted: Iterable[int]) -> dict[int, str]:
        """The hash of each of these entries that there is."""
        found: dict[int, str] = {}
        with self._database.read() as connection:
            for some in _in_parts(wanted):
                query = select(audit.c.seq, audit.c.hash).where(audit.c.seq.in_(some))
                found |= {row.seq: row.hash for row in connection.execute(query)}
        return found

    def digests(
        self, first: int, last: int, only: Collection[int] | None = None
    ) -> Iterator[Digest]:
        """The entries from `first` to `last`, in order. only: these; None: all."""
        columns = select(audit.c.seq, audit.c.hash, audit.c.prev_hash).order_by(audit.c.seq)
        queries = [columns.where(audit.c.seq.between(first, last))]
        if only is not None:
            queries = [columns.where(audit.c.seq.in_(some)) for some in _in_parts(only)]
        with self._database.read() as connection:
            for query in queries:
                with streamed(connection, query) as rows:
                    for row in rows:
                        yield Digest(row.seq, row.hash, row.prev_hash)

    def times(self, wanted: Iterable[int]) -> dict[int, datetime]:
        """When each of these entries was written: by the database's clock, where it is known."""
        found: dict[int, datetime] = {}
        columns = select(audit.c.seq, audit.c.timestamp, audit.c.details)
        with self._database.read() as connection:
            for some in _in_parts(wanted):
                for row in connection.execute(columns.where(audit.c.seq.in_(some))):
                    clock = json.loads(row.details or "{}").get("clock", {})
                    text = clock.get("database", row.timestamp)
                    found[row.seq] = datetime.fromisoformat(text)
        return found

    def anchored_outside(self, *, place: str = "", since: int = 0) -> list[AnchoredOutside]:
        """What the chain says was anchored outside, in order.

        place: only there. since: only what entries from this one on say.
        """
        query = select(audit).where(
            audit.c.incident_id.is_(None),
            audit.c.action.like("anchored audit entry %"),
            audit.c.seq >= since,
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(audit.c.seq)).all()
        found = []
        for row in rows:
            its = json.loads(row.details).get("anchored")
            if isinstance(its, dict) and (not place or place in its["places"]):
                at, places = datetime.fromisoformat(row.timestamp), tuple(its["places"])
                found.append(
                    AnchoredOutside(its["seq"], its["hash"], places, its["machine"], row.seq, at)
                )
        return found

    def accepted_outside(self, place: str) -> dict[tuple[int, str], int]:
        """Heads of a place that need not fit, as somebody knows why; and the entry that says so."""
        query = select(audit.c.seq, audit.c.details).where(
            audit.c.incident_id.is_(None),
            audit.c.action.like("differences of anchors outside accepted%"),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(audit.c.seq)).all()
        return {
            (int(seq), str(noted)): row.seq
            for row in rows
            for seq, noted in json.loads(row.details).get("accepted", {}).get(place, ())
        }

    def kept(self, incident_id: UUID | str) -> Kept:
        """What is kept of an incident. Raises IncidentNotFound."""
        with self._database.read() as connection:
            row = find(connection, incident_id)
            review = _review(connection, row.id)
            return Kept(UUID(row.id), row.number, row.document, row.alert, review)

    def opened_between(self, first: datetime, last: datetime) -> list[UUID]:
        """The incidents opened from `first` until before `last`, by their numbers.

        Those that are numbered between them, too: two that were opened at once may have times in
        another order than their numbers.
        """
        opened = incidents.c.opened_at
        during = opened.between(moment_text(first), moment_text(last)) & (
            opened < moment_text(last)
        )
        number = incidents.c.number
        ends = select(func.min(number), func.max(number)).where(during, number > 0)
        with self._database.read() as connection:
            least, most = connection.execute(ends).one()
            wanted = during if least is None else during | number.between(least, most)
            query = select(incidents.c.id).where(wanted).order_by(number, opened, incidents.c.id)
            return [UUID(row.id) for row in connection.execute(query)]


def _review(connection: Connection, incident_id: str) -> dict[str, Any] | None:
    query = select(reviews.c.document).where(reviews.c.incident_id == incident_id)
    document = connection.execute(query).scalar()
    if document is None:
        return None
    texts: dict[tuple[str, int], dict[str, Any]] = {}
    for table in (review_history, review_texts):
        columns = [table.c[name] for name in ("question", "revision", "text", "actor", "at")]
        written = select(*columns).where(table.c.incident_id == incident_id)
        for row in connection.execute(written).mappings():
            texts[row["question"], row["revision"]] = dict(row)
    return {"document": json.loads(document), "texts": [texts[each] for each in sorted(texts)]}


def _in_parts(wanted: Iterable[int]) -> Iterator[list[int]]:
    numbers = sorted(set(wanted))
    for start in range(0, len(numbers), _OF_ONE_QUESTION):
        yield numbers[start : start + _OF_ONE_QUESTION]
