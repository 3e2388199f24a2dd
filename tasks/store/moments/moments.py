"""The moments of incidents: noted once for each occurrence, in the transaction of their change."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, update

from schemas.figures import Moment, Moments
from schemas.incident import Incident
from tasks.base.storable import moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import moments
from tasks.store.records import find
from tasks.store.tallies import time_taken

_COLUMN = {each: f"{each.value}_at" for each in Moment}


def note_detected(connection: Connection, incident: Incident, *, is_drill: bool = False) -> None:
    """An occurrence begins: from then on its time counts. Once."""
    if _row(connection, incident.incident_id, incident.occurrence) is None:
        connection.execute(
            insert(moments).values(
                incident_id=str(incident.incident_id),
                occurrence=incident.occurrence,
                detected_at=moment_text(incident.began_at),
                by_machine="",
                is_drill=int(is_drill),
            )
        )


def note_moment(
    connection: Connection, incident: Incident, moment: Moment, at: datetime, *, by_machine: bool
) -> bool:
    """A moment of the present occurrence has come; False when it had come before."""
    row = _row(connection, incident.incident_id, incident.occurrence)
    if row is None:  # of an older version: its occurrence began before this was noted
        note_detected(connection, incident)
        row = _row(connection, incident.incident_id, incident.occurrence)
    assert row is not None
    if row._mapping[_COLUMN[moment]] is not None:  # noqa: SLF001 (SQLAlchemy's documented name)
        return False
    machines = " ".join([*row.by_machine.split(), moment.value]) if by_machine else row.by_machine
    is_it = (moments.c.incident_id == row.incident_id) & (moments.c.occurrence == row.occurrence)
    values = {_COLUMN[moment]: moment_text(at), "by_machine": machines}
    connection.execute(update(moments).where(is_it).values(**values))
    before = moments_of(row)
    took = before.model_copy(update={"at": {**before.at, moment: at}}).took(moment)
    time_taken(connection, incident, moment, took)
    return True


class MomentsOnRecord:
    """Reads them: `store.moments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, incident_id: UUID | str) -> list[Moments]:
        """Each occurrence of an incident, the first one first."""
        with self._database.read() as connection:
            wanted = find(connection, incident_id).id
            query = select(moments).where(moments.c.incident_id == wanted)
            rows = connection.execute(query.order_by(moments.c.occurrence)).all()
        return [moments_of(row) for row in rows]


def moments_of(row: Row[Any]) -> Moments:
    """The moments of a row."""
    columns = row._mapping  # noqa: SLF001 (SQLAlchemy's documented name)
    at = {each: datetime.fromisoformat(columns[name]) for each, name in _COLUMN.items()
          if columns[name] is not None}  # fmt: skip
    return Moments(
        incident_id=UUID(row.incident_id),
        occurrence=row.occurrence,
        is_drill=bool(row.is_drill),
        at=at,
        by_machine=frozenset(Moment(each) for each in row.by_machine.split()),
    )


def _row(connection: Connection, incident_id: UUID, occurrence: int) -> Row[Any] | None:
    is_it = (moments.c.incident_id == str(incident_id)) & (moments.c.occurrence == occurrence)
    return connection.execute(select(moments).where(is_it)).one_or_none()
