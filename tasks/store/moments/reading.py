"""Reads the moments of incidents: `store.moments`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from schemas.figures import Gathered, Moments, Question
from tasks.store.database.database import Database
from tasks.store.database.tables import moments
from tasks.store.moments.counting import Counted, counted, gathered
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

    def gathered(self, question: Question) -> list[Gathered]:
        """What is counted for a question: of each group, or of parts of it, by columns alone."""
        with self._database.read() as connection:
            return gathered(connection, question)

    def counted(self, question: Question, figure: str, group: str | None) -> list[Counted]:
        """The incidents that a figure counts; see `counting.counted`."""
        with self._database.read() as connection:
            return counted(connection, question, figure, group)
