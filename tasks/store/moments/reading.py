"""Reads the moments of incidents: `store.moments`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from schemas.figures import Gathered, Moments, Question
from schemas.incident import Incident
from tasks.base.storable import moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import incidents, moments
from tasks.store.moments.counting import Counted, counted, gathered
from tasks.store.moments.moments import moments_of
from tasks.store.records import find, incident_of

AT_ONCE = 200


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

    def records(self, since: datetime, until: datetime) -> Iterator[tuple[Incident, list[Moments]]]:
        """Every incident with an occurrence detected then, drills too, with all its occurrences;
        the newest first.
        """
        at = moments.c.detected_at
        then = at >= moment_text(since), at < moment_text(until)
        newest = select(moments.c.incident_id).where(*then)
        with self._database.read() as connection:
            rows = connection.execute(newest.order_by(moments.c.detected_at.desc())).scalars()
            ids = list(dict.fromkeys(rows))
        for start in range(0, len(ids), AT_ONCE):
            yield from self._records(ids[start : start + AT_ONCE])

    def _records(self, ids: Sequence[str]) -> Iterator[tuple[Incident, list[Moments]]]:
        of = select(moments).where(moments.c.incident_id.in_(ids)).order_by(moments.c.occurrence)
        with self._database.read() as connection:
            rows = connection.execute(select(incidents).where(incidents.c.id.in_(ids))).all()
            found = {row.id: incident_of(row) for row in rows}
            occurrences = defaultdict[str, list[Moments]](list)
            for row in connection.execute(of):
                occurrences[row.incident_id].append(moments_of(row))
        yield from ((found[each], occurrences[each]) for each in ids if each in found)

    def gathered(self, question: Question) -> list[Gathered]:
        """What is counted for a question: of each group, or of parts of it, by columns alone."""
        with self._database.read() as connection:
            return gathered(connection, question)

    def counted(self, question: Question, figure: str, group: str | None) -> list[Counted]:
        """The incidents that a figure counts; see `counting.counted`."""
        with self._database.read() as connection:
            return counted(connection, question, figure, group)
