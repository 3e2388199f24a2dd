"""Lists incidents by a filter."""

from __future__ import annotations

from itertools import islice

from sqlalchemy import Select, select, tuple_

from schemas.incident import Incident
from schemas.lifecycle.filter import Filter
from tasks.store.database.database import Database
from tasks.store.database.tables import incidents
from tasks.store.records import find, incident_of

AT_ONCE = 200


def find_incidents(database: Database, wanted: Filter) -> list[Incident]:
    """The incidents that fit, newest first; rows that cannot fit are not read."""
    with database.read() as connection:
        query = _query(wanted)
        if wanted.before:
            last = find(connection, wanted.before)
            order = tuple_(incidents.c.opened_at, incidents.c.id)
            query = query.where(order < tuple_(last.opened_at, last.id))
        rows = connection.execution_options(yield_per=AT_ONCE).execute(query)
        found = (incident_of(row) for row in rows)
        return list(islice((each for each in found if wanted.fits(each)), wanted.limit))


def _query(wanted: Filter) -> Select[tuple[object, ...]]:
    query = select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
    for column, values in (
        (incidents.c.status, wanted.status),
        (incidents.c.severity, wanted.severity),
        (incidents.c.type, wanted.type),
    ):
        if values:
            query = query.where(column.in_([each.value for each in values]))
    return query
