"""The moments of incidents: noted once for each occurrence, in the transaction of their change."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from schemas.figures import TIMED, UNDONE_BY, Moment, Moments
from schemas.incident import Incident, Status
from tasks.base.storable import moment_text
from tasks.store.database.tables import audit, moments
from tasks.store.tallies import time_taken

COLUMN = {each: f"{each.value}_at" for each in Moment}
TOOK = {each: f"{each.value}_us" for each in TIMED}
"""The columns of how long it took, in microseconds."""
# Created once, so that SQLAlchemy need not look up its compiled form for each execution.
_NEW = insert(moments)
_IS_IT = (moments.c.incident_id == bindparam("of")) & (moments.c.occurrence == bindparam("nth"))
_ONE = select(moments).where(_IS_IT)
_TEAM = select(func.max(moments.c.team)).where(moments.c.incident_id == bindparam("of"))
_CHANGE = update(moments).where(_IS_IT)
_UNDONE = select(audit.c.details).where(
    audit.c.incident_id == bindparam("of"),
    audit.c.timestamp >= bindparam("since"),
    audit.c.details.like('%"undone":[%'),
)


def note_detected(connection: Connection, incident: Incident, team: str = "") -> None:
    """An occurrence begins: from then on its time counts. Once for each.

    team: whose it is; a relapse is of the same team.
    """
    of = str(incident.incident_id)
    if incident.occurrence > 1:
        team = connection.execute(_TEAM, {"of": of}).scalar() or ""
    connection.execute(
        _NEW,
        {
            "incident_id": of,
            "occurrence": incident.occurrence,
            "detected_at": moment_text(incident.began_at),
            "weekday": incident.began_at.weekday(),
            "by_machine": "",
            "is_drill": int(incident.is_drill),
            "team": team,
            **kind_of(incident),
        },
    )


def kind_of(incident: Incident) -> dict[str, str]:
    """The columns by which figures are grouped."""
    services = incident.affected_services
    return {
        "severity": incident.severity.value,
        "type": incident.type,
        "service": services[0] if services else "",
    }


def note_kind(connection: Connection, before: Incident, now: Incident) -> None:
    """Its severity, type or service may have changed: every occurrence of it counts as such."""
    if (kind := kind_of(now)) != kind_of(before):
        mine = moments.c.incident_id == str(now.incident_id)
        connection.execute(update(moments).where(mine).values(**kind))


def note_moment(
    connection: Connection, incident: Incident, moment: Moment, at: datetime, *, by_machine: bool
) -> bool:
    """A moment of the present occurrence has come; False when it had come before."""
    row = _row(connection, incident)
    if getattr(row, COLUMN[moment]) is not None:
        return False
    machines = row.by_machine.split() + ([moment.value] if by_machine else [])
    values: dict[str, Any] = {COLUMN[moment]: moment_text(at)}
    values["by_machine"] = " ".join(sorted(machines))
    if moment in TOOK:
        took = microseconds(datetime.fromisoformat(row.detected_at), at)
        values[TOOK[moment]] = took
        if not _was_taken_back(connection, incident, moment):  # sums only grow: it is in them
            time_taken(connection, incident, moment, took)
    _change(connection, incident, values)
    return True


def take_back(connection: Connection, incident: Incident, status: Status) -> list[Moment]:
    """It went back to this status: the later ones had not come. Which ones."""
    row = _row(connection, incident)
    undone = [each for each in UNDONE_BY[status] if getattr(row, COLUMN[each]) is not None]
    if undone:
        left = [each for each in row.by_machine.split() if Moment(each) not in undone]
        gone = {name: None for each in undone for name in (COLUMN[each], TOOK.get(each)) if name}
        _change(connection, incident, {**gone, "by_machine": " ".join(left)})
    return undone


def _was_taken_back(connection: Connection, incident: Incident, moment: Moment) -> bool:
    """True when it had come in this occurrence before, as an entry of the audit log says."""
    if moment not in UNDONE_BY[Status.OPEN]:
        return False
    since = moment_text(incident.relapsed_at) if incident.relapsed_at else ""
    found = connection.execute(_UNDONE, {"of": str(incident.incident_id), "since": since})
    return any(moment in json.loads(row.details).get("undone", ()) for row in found)


def microseconds(begin: datetime, end: datetime) -> int:
    """How many lie between; less than 0 when it ended before it began, for the clocks differ."""
    return (end - begin) // timedelta(microseconds=1)


def moments_of(row: Row[Any]) -> Moments:
    """The moments of a row."""
    columns = row._mapping  # noqa: SLF001 (SQLAlchemy's documented name)
    at = {each: datetime.fromisoformat(columns[name]) for each, name in COLUMN.items()
          if columns[name] is not None}  # fmt: skip
    return Moments(
        incident_id=UUID(row.incident_id),
        occurrence=row.occurrence,
        is_drill=bool(row.is_drill),
        team=row.team,
        at=at,
        by_machine=frozenset(Moment(each) for each in row.by_machine.split()),
    )


def _row(connection: Connection, incident: Incident) -> Row[Any]:
    is_it = {"of": str(incident.incident_id), "nth": incident.occurrence}
    row = connection.execute(_ONE, is_it).one_or_none()
    if row is None:  # a process of an older version began it
        note_detected(connection, incident)
        row = connection.execute(_ONE, is_it).one()
    return row


def _change(connection: Connection, incident: Incident, values: dict[str, Any]) -> None:
    is_it = {"of": str(incident.incident_id), "nth": incident.occurrence}
    connection.execute(_CHANGE, {**is_it, **values})
