"""The outbox: events are written with their change, and delivered to Prefect at least once."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, or_, select, update

from schemas.incident import Incident, Severity, canonical_json
from schemas.incident.fairness import Claimant, Turns
from tasks.base.storable import clean_json, clean_text, moment_text
from tasks.store.audit.audit import Clock
from tasks.store.database.database import Database
from tasks.store.database.tables import incidents, outbox

AT_ONCE = ""
"""Sorts before every moment."""
LOOKED_AT = 1000
"""How many of the events that wait are sorted; older ones first."""
_ORDER = [each.value for each in Severity]
_PUT = insert(outbox)
_PENDING = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
_PENDING_OF = _PENDING.where(outbox.c.incident_id == bindparam("of"))


class OutboxEvent(NamedTuple):
    """An event to send; `attempts`: how many times it was leased, including now."""

    event_id: UUID
    incident_id: UUID
    event: str
    payload: dict[str, Any]
    occurred_at: datetime
    attempts: int


def put_event(
    connection: Connection,
    incident: Incident,
    event: str,
    payload: Mapping[str, Any],
    *,
    head: tuple[int, str],
    now: datetime,
    event_id: UUID | None = None,
) -> bool:
    """Add an event once: False, and nothing happens, for a known `event_id`.

    Adds to the payload `type`, `severity`, `service` (empty when unknown) and `sender`, unless
    it has its own, and `incidentId`, `occurrence`, `auditSeq` and `auditHead`: an anchor of the
    audit chain outside the database.
    """
    if event_id is not None:
        known = select(outbox.c.seq).where(outbox.c.event_id == str(event_id))
        if connection.execute(known).first() is not None:
            return False
    full = {
        "type": incident.type,
        "severity": incident.severity.value,
        "service": incident.affected_services[0] if incident.affected_services else "",
        "sender": incident.actions_taken[0].actor if incident.actions_taken else "",
        **clean_json(dict(payload)),
        "incidentId": str(incident.incident_id),
        "occurrence": incident.occurrence,
        "auditSeq": head[0],
        "auditHead": head[1],
    }
    row = {
        "event_id": str(event_id or uuid4()),
        "incident_id": str(incident.incident_id),
        "event": clean_text(event),
        "payload": canonical_json(full),
        "occurred_at": moment_text(now),
        "attempts": 0,
        "due_at": AT_ONCE,
    }
    connection.execute(_PUT, row)
    return True


class Outbox:
    """Leases events to senders."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def lease(self, holder: str, limit: int, lease: timedelta) -> list[OutboxEvent]:
        """Lease events that are due and that nobody else is sending, by urgency, then fairly.

        The events of one incident keep their order.
        """
        holder = clean_text(holder)

        def work(connection: Connection) -> list[OutboxEvent]:
            now = self._database.lease_now(connection)
            events = _in_turn(connection.execute(_free(holder, now, limit)).all())[:limit]
            if events:
                ids = [str(event.event_id) for event in events]
                connection.execute(
                    update(outbox)
                    .where(outbox.c.event_id.in_(ids))
                    .values(
                        leased_by=holder,
                        leased_until=moment_text(now + lease),
                        attempts=outbox.c.attempts + 1,
                    )
                )
            return events

        # An idle sender polls often; it must write only when there is something.
        return self._database.write(work) if self.pending() else []

    def sent(self, event_ids: Sequence[UUID]) -> None:
        """Mark these events as delivered."""
        sent_at = moment_text(self._clock())
        self._settle(event_ids, lambda _connection: {"sent_at": sent_at})

    def failed(self, event_ids: Sequence[UUID], retry_at: datetime) -> None:
        """Mark these events as not delivered; they are due again at `retry_at`."""
        wait = retry_at - self._clock()

        def due(connection: Connection) -> dict[str, str]:
            return {"due_at": moment_text(self._database.lease_now(connection) + wait)}

        self._settle(event_ids, due)

    def _settle(
        self, event_ids: Sequence[UUID], values: Callable[[Connection], dict[str, str]]
    ) -> None:
        ours = outbox.c.event_id.in_([str(event_id) for event_id in event_ids])
        change = update(outbox).where(ours, outbox.c.sent_at.is_(None))

        def work(connection: Connection) -> None:
            free = {"leased_by": None, "leased_until": None}
            connection.execute(change.values(**free, **values(connection)))

        if event_ids:
            self._database.write(work)

    def pending(self, incident_id: UUID | None = None) -> int:
        """The number of events that are not yet sent; incident_id: only this one's."""
        with self._database.read() as connection:
            if incident_id is None:
                return connection.execute(_PENDING).scalar_one()
            return connection.execute(_PENDING_OF, {"of": str(incident_id)}).scalar_one()


def _free(holder: str, now: datetime, limit: int) -> Select[Any]:
    return (
        select(outbox, incidents.c.severity)
        .join(incidents, incidents.c.id == outbox.c.incident_id)
        .where(
            outbox.c.sent_at.is_(None),
            outbox.c.due_at <= moment_text(now),
            or_(
                outbox.c.leased_until.is_(None),
                outbox.c.leased_until <= moment_text(now),
                outbox.c.leased_by == holder,
            ),
        )
        .order_by(incidents.c.severity, outbox.c.seq)
        .limit(max(limit, LOOKED_AT))
        .with_for_update(of=outbox, skip_locked=True)
    )


def _in_turn(rows: Sequence[Row[Any]]) -> list[OutboxEvent]:
    """By urgency, then each service in turn; each incident's own events as they happened."""
    own: dict[UUID, deque[OutboxEvent]] = defaultdict(deque)
    waiting = []
    for row in rows:
        event = _event_of(row)
        own[event.incident_id].append(event)
        said = event.payload
        target = said.get("service") or str(event.incident_id)
        claimant = Claimant(_ORDER.index(row.severity), str(target), str(said.get("sender") or ""))
        waiting.append((claimant, event.incident_id))
    return [own[incident_id].popleft() for incident_id in Turns().order(waiting)]


def _event_of(row: Row[Any]) -> OutboxEvent:
    return OutboxEvent(
        UUID(row.event_id),
        UUID(row.incident_id),
        row.event,
        json.loads(row.payload),
        datetime.fromisoformat(row.occurred_at),
        row.attempts + 1,
    )
