"""What came back and stays is a new occurrence; what flapped and is quiet is over."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select

from schemas.incident import RESOLVED, Grouping, Incident, Routes, Status
from schemas.wording import minutes
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import NOT_OVER, flaps, incidents
from tasks.store.grouping.ending import why_open
from tasks.store.grouping.flaps import ACTOR, change_flap, flap_of, in_words, pages_ring_again
from tasks.store.lifecycle.standings import propose
from tasks.store.records import Change, find, incident_of
from tasks.store.relapses import begin_occurrence


class Settled(NamedTuple):
    """What became of an incident. relapsed: why it pages anew; None: it is over, if the incident
    is, or that was proposed to people.
    """

    incident: Incident
    relapsed: str | None


def settle_flaps(log: AuditLog, grouping: Grouping, routes: Routes) -> list[Settled]:
    """Settle what is due: each once, whichever intake is first."""
    due = select(flaps.c.incident_id).where(flaps.c.due_at <= moment_text(log.clock()))
    with log.database.read() as connection:
        ids = [UUID(row.incident_id) for row in connection.execute(due)]
    settle = partial(_settle, grouping=grouping, routes=routes)
    found = [log.change(partial(settle, incident_id=each)) for each in ids]
    return [settled for settled in found if settled is not None]


def flapping_ones(log: AuditLog) -> list[tuple[Incident, str]]:
    """The open incidents that come and go, each with how often."""
    query = select(incidents, flaps.c.times, flaps.c.since).join(
        flaps, flaps.c.incident_id == incidents.c.id
    )
    now = log.clock()
    with log.database.read() as connection:
        rows = connection.execute(query.where(NOT_OVER, flaps.c.flapping == 1)).all()
        return [(incident_of(row), in_words(row, now)) for row in rows]


def _settle(chain: Chain, incident_id: UUID, grouping: Grouping, routes: Routes) -> Settled | None:
    row = find(chain.connection, incident_id)
    change = Change(chain, incident_of(row))
    flap = flap_of(chain.connection, change.incident)
    if flap is None or flap.due_at is None or flap.due_at > moment_text(chain.now):
        return None  # another intake was faster, or it was heard of again
    change_flap(chain.connection, change.incident, due_at=None)
    if flap.back_at is None:
        return _is_quiet(change, row, grouping, routes)
    return _stays(change, flap, grouping)


def _stays(change: Change, flap: Row[Any], grouping: Grouping) -> Settled | None:
    if change.incident.status not in (Status.OPEN, Status.INVESTIGATING):
        return None  # contained or ended meanwhile: the next alert about it asks for a look
    times = in_words(flap, change.chain.now)
    because = f"it came back {times} and has stayed since {flap.back_at[11:19]} UTC"
    change_flap(change.chain.connection, change.incident, flapping=0, times=0)
    begin_occurrence(change, because, change.incident.severity, ACTOR)
    return Settled(change.incident, because)


def _is_quiet(change: Change, row: Row[Any], grouping: Grouping, routes: Routes) -> Settled | None:
    if change.incident.status.is_over:
        return None
    change_flap(change.chain.connection, change.incident, flapping=0, times=0)
    pages_ring_again(change.chain.connection, change.incident)
    window = minutes(grouping.flap_window)
    if why := why_open(change, row, routes):
        return Settled(change.incident, None) if propose(change, ACTOR, why) else None
    change.record(
        f"status: {change.incident.status} → {Status.RESOLVED} (no alert of it for {window})",
        actor=ACTOR,
        automated=True,
        status=Status.RESOLVED,
        resolved_at=change.chain.now,
    )
    change.emit(RESOLVED)
    return Settled(change.incident, None)
