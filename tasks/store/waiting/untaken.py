"""Pages that nothing which rings has taken yet: what is left to do, so that any intake goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from schemas.incident import Severity, Status, canonical_json
from schemas.model import Model, UtcDatetime
from tasks.base.storable import clean_json, moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import incidents, untaken_pages
from tasks.store.outbox import AT_ONCE

MOST = 500


class UntakenPage(Model):
    """One page that is still tried.

    occurrence: of its incident, to which it belongs.
    reason, severity, even_if_over: as `ensure_page` was given them.
    notified: the channel that was used meanwhile, which only tells.
    refused: why each did not take it.
    asked: the channels that ring and were asked: one whose answer was lost may ring.
    began_at: by the time of day; since, tried_at, due_at: by the lease clock.
    """

    incident_id: UUID
    key: str
    occurrence: int = 1
    reason: str | None = None
    severity: Severity | None = None
    even_if_over: bool = False
    notified: str | None = None
    refused: dict[str, str] = Field(default_factory=dict)
    asked: tuple[str, ...] = ()
    is_refused_for_good: bool = False
    tries: int = 0
    began_at: UtcDatetime
    since: UtcDatetime
    tried_at: UtcDatetime
    due_at: UtcDatetime


class WaitingPage(Model):
    """A page that waits, with its incident's severity; is_due: it is to be tried now."""

    page: UntakenPage
    severity: Severity
    is_due: bool
    age: timedelta
    idle: timedelta


def save_untaken(database: Database, page: UntakenPage) -> None:
    """Keep the page, in place of what was kept of it before."""

    def work(connection: Connection) -> None:
        connection.execute(delete(untaken_pages).where(*_is(page.incident_id, page.key)))
        connection.execute(
            insert(untaken_pages).values(
                incident_id=str(page.incident_id),
                key=page.key,
                page=canonical_json(clean_json(page.to_json())),
                due_at=moment_text(page.due_at),
            )
        )

    database.write(work)


def drop_untaken(database: Database, incident_id: UUID, key: str) -> None:
    """The page is not tried any longer."""

    def work(connection: Connection) -> None:
        connection.execute(delete(untaken_pages).where(*_is(incident_id, key)))

    if untaken_page(database, incident_id, key) is not None:
        database.write(work)


def untaken_page(database: Database, incident_id: UUID, key: str) -> UntakenPage | None:
    """What is kept of a page; None when it was taken, or never failed."""
    query = select(untaken_pages.c.page).where(*_is(incident_id, key))
    with database.read() as connection:
        kept = connection.execute(query).scalar()
    return None if kept is None else UntakenPage.model_validate_json(kept)


def untaken_of(database: Database, incident_id: UUID) -> list[UntakenPage]:
    """The incident's pages that are still tried."""
    query = select(untaken_pages.c.page).where(untaken_pages.c.incident_id == str(incident_id))
    with database.read() as connection:
        return [UntakenPage.model_validate_json(kept) for kept in connection.scalars(query)]


def waiting_pages(database: Database) -> list[WaitingPage]:
    """Every page that is still tried, the most urgent first, then the oldest.

    Not those of incidents that are over, which are kept until what may ring was resolved; but a
    legal duty does not end with the incident.
    """
    query = (
        select(untaken_pages, incidents.c.severity, incidents.c.status)
        .join(incidents, incidents.c.id == untaken_pages.c.incident_id)
        .order_by(incidents.c.severity, untaken_pages.c.due_at)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
        if not rows:
            return []
        now = database.lease_now(connection)
    found = []
    for row in rows:
        page = UntakenPage.model_validate_json(row.page)
        if page.even_if_over or not Status(row.status).is_over:
            found.append(_waiting(page, row.severity, row.due_at, now))
    return sorted(found, key=lambda each: (each.severity, each.page.since))[:MOST]


def make_all_due(database: Database) -> None:
    """A channel that rings answers again: nobody waits any longer."""

    def work(connection: Connection) -> None:
        connection.execute(update(untaken_pages).values(due_at=AT_ONCE))

    database.write(work)


def _waiting(page: UntakenPage, severity: str, due_at: str, now: datetime) -> WaitingPage:
    return WaitingPage(
        page=page,
        severity=Severity(severity),
        is_due=due_at <= moment_text(now),
        age=now - page.since,
        idle=now - page.tried_at,
    )


def _is(incident_id: UUID, key: str) -> tuple[ColumnElement[bool], ...]:
    return untaken_pages.c.incident_id == str(incident_id), untaken_pages.c.key == key
