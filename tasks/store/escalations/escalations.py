"""Escalations: how far each incident's is, and which step is due.

A row begins in the transaction in which the page is due. The store knows no settings: a new row is
due at once, and the intake, which knows them, then sets the moment of its first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, insert, or_, select, update

from schemas.escalation import EscalationState
from schemas.incident import ACKNOWLEDGED, Incident, Severity
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import AuditLog, Clock
from tasks.store.database.database import Database
from tasks.store.database.tables import NOT_OVER, escalations, incidents
from tasks.store.records import Change, find, incident_of

_OF = escalations.c.incident_id == bindparam("of")
_ONE = select(escalations).where(_OF)
_NEW = insert(escalations)
_CHANGE = update(escalations).where(_OF)
_ITS_ROW = incidents.c.id == escalations.c.incident_id


class DueEscalation(NamedTuple):
    """An escalation to be looked at, with its incident as it is now."""

    state: EscalationState
    incident: Incident


class Moved(NamedTuple):
    """What to make of a row that was read: steps done, when it is due again, how long it is ours.

    due_at: None: nothing comes.
    """

    state: EscalationState
    done: int
    due_at: datetime | None
    leased_for: timedelta | None = None


def start_escalation(connection: Connection, incident: Incident, now: datetime) -> None:
    """Begin anew: the incident's page is due now. Nobody has taken it."""
    of = str(incident.incident_id)
    row = connection.execute(_ONE, {"of": of}).one_or_none()
    is_same = row and (row.severity, row.occurrence) == (incident.severity, incident.occurrence)
    values = {
        "severity": incident.severity.value,
        "occurrence": incident.occurrence,
        "began_at": moment_text(now),
        "done": 0,
        "due_at": moment_text(now),
        "taken_at": None,
        "taken_by": "",
        # Given back: the levels are called anew, each by a page of its own.
        "takes": row.takes if row and is_same else 0,
        "leased_until": None,
        "revision": 1 if row is None else row.revision + 1,
    }
    if row is None:
        connection.execute(_NEW, {"incident_id": of, **values})
    else:
        connection.execute(_CHANGE, {"of": of, **values})


def wake_escalation(connection: Connection, incident: Incident, now: datetime) -> None:
    """It is open again as it was: a step that stopped with its end is planned anew."""
    row = connection.execute(_ONE, {"of": str(incident.incident_id)}).one_or_none()
    if row is None or row.taken_at is None:
        start_escalation(connection, incident, now)
        return
    values = {"due_at": moment_text(now), "leased_until": None, "revision": row.revision + 1}
    connection.execute(_CHANGE, {"of": str(incident.incident_id), **values})


def start_or_plan(connection: Connection, incident: Incident, now: datetime) -> None:
    """Its severity is less: begin anew where nobody has it, else plan the next question anew."""
    wake_escalation(connection, incident, now)
    connection.execute(_CHANGE, {"of": str(incident.incident_id), "done": 0})


def take_escalation(connection: Connection, incident: Incident, actor: str, now: datetime) -> None:
    """Somebody took it, or says that they are still on it: the next steps count from now."""
    row = connection.execute(_ONE, {"of": str(incident.incident_id)}).one_or_none()
    if row is None:  # of an older version: there is nothing to stop
        return
    values = {
        "done": 0,
        "due_at": moment_text(now),
        "taken_at": moment_text(now),
        "taken_by": clean_text(actor),
        "takes": row.takes + 1,
        "leased_until": None,
        "revision": row.revision + 1,
    }
    connection.execute(_CHANGE, {"of": str(incident.incident_id), **values})


def answer_still_on_it(change: Change, actor: str, automated: bool) -> bool:
    """Acknowledged again: an answer, if whoever took it was asked; else nothing happens."""
    connection, now = change.chain.connection, change.chain.now
    row = connection.execute(_ONE, {"of": str(change.incident.incident_id)}).one_or_none()
    if row is None or row.taken_at is None or row.done == 0:
        return False
    take_escalation(connection, change.incident, actor, now)
    change.record("acknowledged again: still on it", actor=actor, automated=automated)
    change.emit(ACKNOWLEDGED)
    return True


TAKEN_BEFORE = "somebody"
"""Who took what was taken before there were escalations in the store."""


class Escalations:
    """The escalations of one database."""

    def __init__(self, log: AuditLog) -> None:
        self._database: Database = log.database
        self._clock: Clock = log.clock

    def state(self, incident_id: UUID | str) -> EscalationState | None:
        """How far an incident's escalation is; None when it has none."""
        with self._database.read() as connection:
            of = find(connection, incident_id).id
            row = connection.execute(_ONE, {"of": of}).one_or_none()
        return None if row is None else _state_of(row)

    def due(self, limit: int) -> list[DueEscalation]:
        """Those that are due and that nobody works on, the longest due first."""
        with self._database.read() as connection:
            free = _free(self._database.lease_now(connection))
        return self._those(and_(escalations.c.due_at <= moment_text(self._clock()), free), limit)

    def late(self, after: timedelta, limit: int = 1000) -> list[DueEscalation]:
        """Those of open incidents whose next step should have been done so long ago."""
        before = moment_text(self._clock() - after)
        return self._those(and_(escalations.c.due_at <= before, NOT_OVER), limit)

    def missing(self, after: timedelta, limit: int = 1000) -> list[Incident]:
        """Open incidents that are this old and have none: of an older version, for instance."""
        before = moment_text(self._clock() - after)
        query = (
            select(incidents)
            .outerjoin(escalations, _ITS_ROW)
            .where(NOT_OVER, escalations.c.incident_id.is_(None), incidents.c.opened_at <= before)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [incident_of(row) for row in connection.execute(query)]

    def start(self, incident: Incident) -> None:
        """Begin one that is missing, as if the page were due now."""
        now = self._clock()

        def work(connection: Connection) -> None:
            row = connection.execute(_ONE, {"of": str(incident.incident_id)}).first()
            if row is not None:
                return
            start_escalation(connection, incident, now)
            taken = select(incidents.c.acknowledged_at).where(
                incidents.c.id == str(incident.incident_id)
            )
            if connection.execute(taken).scalar() is not None:
                take_escalation(connection, incident, TAKEN_BEFORE, now)

        self._database.write(work)

    def move(self, moves: Sequence[Moved]) -> list[EscalationState]:
        """Make these changes; returns the new state of each row that nobody had changed."""
        if not moves:
            return []

        def work(connection: Connection) -> list[EscalationState]:
            now = self._database.lease_now(connection)
            return [state for each in moves if (state := _moved(connection, each, now))]

        return self._database.write(work)

    def look_again(self) -> None:
        """Let every open one be looked at now: the settings may have changed."""
        now = moment_text(self._clock())
        is_open = select(incidents.c.id).where(NOT_OVER)
        change = update(escalations).where(escalations.c.incident_id.in_(is_open))

        def work(connection: Connection) -> None:
            again = change.values(due_at=now, revision=escalations.c.revision + 1)
            connection.execute(again.where(_free(self._database.lease_now(connection))))

        self._database.write(work)

    def _those(self, condition: Any, limit: int) -> list[DueEscalation]:
        query = (
            select(escalations)
            .join(incidents, _ITS_ROW)
            .where(condition)
            .order_by(escalations.c.due_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            states = [_state_of(row) for row in connection.execute(query)]
            ids = [str(state.incident_id) for state in states]
            rows = connection.execute(select(incidents).where(incidents.c.id.in_(ids)))
            found = {row.id: incident_of(row) for row in rows} if ids else {}
        return [DueEscalation(each, found[str(each.incident_id)]) for each in states]


def _free(now: datetime) -> ColumnElement[bool]:
    """That nobody has it. now: by the clock of leases, which does not jump."""
    until = escalations.c.leased_until
    return or_(until.is_(None), until <= moment_text(now))


def _moved(connection: Connection, move: Moved, now: datetime) -> EscalationState | None:
    state = move.state
    unchanged = escalations.c.revision == state.revision
    values = {
        "done": move.done,
        "due_at": move.due_at and moment_text(move.due_at),
        "leased_until": None if move.leased_for is None else moment_text(now + move.leased_for),
        "revision": state.revision + 1,
    }
    changed = connection.execute(_CHANGE.where(unchanged), {"of": str(state.incident_id), **values})
    if changed.rowcount != 1:
        return None
    update_of = {"done": move.done, "due_at": move.due_at, "revision": state.revision + 1}
    return state.model_copy(update=update_of)


def _state_of(row: Row[Any]) -> EscalationState:
    return EscalationState(
        incident_id=UUID(row.incident_id),
        severity=Severity(row.severity),
        occurrence=row.occurrence,
        began_at=datetime.fromisoformat(row.began_at),
        done=row.done,
        due_at=row.due_at and datetime.fromisoformat(row.due_at),
        taken_at=row.taken_at and datetime.fromisoformat(row.taken_at),
        taken_by=row.taken_by,
        takes=row.takes,
        revision=row.revision,
    )
