"""Legal holds, disposal, and the keys of originals, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from schemas.calendar import CalendarReview
from schemas.incident import Incident
from schemas.lifecycle import Filter
from schemas.retention import Hold
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.audit.disposed import is_gone
from tasks.store.database.tables import claims, disposals, outbox
from tasks.store.records import find, incident_of
from tasks.store.retention import originals
from tasks.store.retention.dispose import Disposed, dispose
from tasks.store.retention.due import Page, Years, due_page
from tasks.store.retention.holds import Standing, all_holds, end_hold, put_hold
from tasks.store.retention.remains import Remains, remains_between
from tasks.store.retention.reviews import dispose_reviews, due_reviews
from tasks.store.retention.sent import delete_rows, delete_takeovers, old_claims, sent_events

LOOKED_AT = 200
"""Incidents that are looked at with one question."""


class Retention:
    """What is kept and for how long, what is held, and what is gone."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    # Holds

    def hold(
        self,
        incident_id: UUID | str | None = None,
        wanted: Filter | None = None,
        *,
        reason: str,
        actor: str,
    ) -> Hold:
        """Hold an incident, or all that a filter fits, later ones too. Raises InvalidInput."""
        said = self._masked(reason)
        return self._log.change(
            partial(put_hold, incident_id=incident_id, wanted=wanted, reason=said, actor=actor)
        )

    def release(self, number: int, *, reason: str, actor: str) -> Hold:
        """Release a hold. Raises InvalidInput for one that is not there, NotPossibleNow."""
        said = self._masked(reason)
        return self._log.change(partial(end_hold, number=number, reason=said, actor=actor))

    def holds(self) -> list[Hold]:
        """Every hold there was, the oldest first."""
        with self._log.database.read() as connection:
            return all_holds(connection)

    def held_by(self, incident: Incident) -> Hold | None:
        """The hold over an incident; None: nothing holds it."""
        with self._log.database.read() as connection:
            return Standing(connection).over(incident)

    # Disposal

    def due(self, years: Years) -> Iterator[Page]:
        """What may go now, and what is due and stays; some hundred incidents at a time."""
        after, is_first = None, True
        while is_first or after is not None:
            is_first = False
            with self._log.database.read() as connection:
                page = due_page(connection, self._log.clock(), years, after, LOOKED_AT)
            yield page
            after = page.after

    def dispose(self, ids: Sequence[UUID], years: Years, *, actor: str) -> list[Disposed]:
        """Dispose of those of these that may go now, in one transaction; each is asked again."""
        texts = [str(each) for each in ids]

        def work(chain: Chain) -> list[Disposed]:
            with _overwriting(chain.connection):
                return dispose(chain, texts, years, actor)

        return self._log.change(work)

    def remains_between(self, first: int, last: int) -> Remains:
        """What there is of the disposed incidents with these numbers, and those between."""
        with self._log.database.read(snapshot=True) as connection:
            return remains_between(connection, first, last)

    def due_reviews(self, years: int) -> list[CalendarReview]:
        """The reviews by the calendar that may go now."""
        with self._log.database.read() as connection:
            found = due_reviews(connection, self._log.clock(), years)
        return [each.review for each in found]

    def dispose_reviews(self, years: int, *, actor: str) -> int:
        """Dispose of the reviews by the calendar that may go now; how many."""

        def work(chain: Chain) -> int:
            with _overwriting(chain.connection):
                return dispose_reviews(chain, years, actor)

        return self._log.change(work)

    def disposed(self, limit: int = 100) -> list[Disposed]:
        """What is gone, the newest first."""
        query = select(disposals).order_by(disposals.c.at.desc(), disposals.c.number.desc())
        with self._log.database.read() as connection:
            return [_disposed_of(row) for row in connection.execute(query.limit(limit))]

    def disposed_among(self, ids: Collection[str]) -> set[str]:
        """Which of these incidents were disposed of, as entries of the audit log say."""
        query = select(disposals.c.incident_id).where(disposals.c.incident_id.in_(list(ids)))
        with self._log.database.read() as connection:
            found = set(connection.scalars(query))
        return {each for each in found if is_gone(self._log.database, each)}

    def delete_sent(self, days: int, readers: Collection[str]) -> Iterator[tuple[int, int]]:
        """Delete delivered events and old claims; yields how many of each went, step by step."""
        database, old = self._log.database, self._log.clock() - timedelta(days=days)
        database.write(partial(delete_takeovers, old=old))
        for table, find_some in (
            (outbox, partial(sent_events, old=old, readers=readers)),
            (claims, partial(old_claims, old=old)),
        ):
            after, is_first = None, True
            while is_first or after is not None:
                is_first = False
                with database.read() as connection:
                    some = find_some(connection, after=after)
                after = some.after
                if some.rows:
                    gone = database.write(partial(delete_rows, table=table, rows=some.rows))
                    yield (gone, 0) if table is outbox else (0, gone)

    # Originals

    def original_key(self, incident_id: UUID | str, *, make: bool = False) -> bytes | None:
        """The key of an incident's originals; None: there is none, or it was destroyed.

        make: make it when there is none; never again after it was destroyed.
        """
        work = partial(originals.key_of, incident_id=incident_id, make=make)
        if make:
            return self._log.database.write(work)
        with self._log.database.read() as connection:
            return work(connection)

    def erase_original(self, incident_id: UUID | str, *, reason: str, actor: str) -> Incident:
        """Destroy the key of an incident's originals; on record. Raises NotPossibleNow.

        That is: while it is held, when it has no originals, or when they were erased before.
        """
        said = self._masked(reason)

        def work(chain: Chain) -> Incident:
            incident = incident_of(find(chain.connection, incident_id))
            with _overwriting(chain.connection):
                return originals.erase(chain, incident, reason=said, actor=actor)

        return self._log.change(work)


@contextmanager
def _overwriting(connection: Connection) -> Iterator[None]:
    """SQLite leaves deleted content in its file until that place is used again; not in here."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")


def _disposed_of(row: Row[Any]) -> Disposed:
    at = datetime.fromisoformat(row.at)
    return Disposed(UUID(row.incident_id), row.number, row.type, row.severity, at, row.seq)
