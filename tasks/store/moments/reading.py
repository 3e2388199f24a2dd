"""Reads the moments of incidents: `store.moments`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from schemas.figures import Moments
from tasks.store.database.database import Database
from tasks.store.database.tables import moments
from tasks.store.moments.moments import moments_of
from tasks.store.records import find


class MomentsOnRecord:
    """The moments of the incidents of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, incident_id: UUID | str) -> list[Moments]:
        """Each occurrence of an incident, the first one first."""
        with self._database.read() as connection:
            wanted = find(connection, incident_id).id
            query = select(moments).where(moments.c.incident_id == wanted)
            rows = connection.execute(query.order_by(moments.c.occurrence)).all()
        return [moments_of(row) for row in rows]
