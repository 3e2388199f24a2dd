"""Finds the incidents of a type that began after a moment: what a corrective action was for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

from sqlalchemy import exists, or_, select

from schemas.incident import Incident
from tasks.base.storable import moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import incidents, moments
from tasks.store.records import incident_of

AT_ONCE = 200


def first_since(
    database: Database, incident_type: str, since: datetime, fits: Callable[[Incident], bool]
) -> Incident | None:
    """The first incident of a type that fits and was opened, or relapsed, after that.

    By our clock. Drills are left out.
    """
    at = moment_text(since)
    is_drill = exists().where(
        moments.c.incident_id == incidents.c.id,
        moments.c.occurrence == incidents.c.occurrence,
        moments.c.is_drill == 1,
    )
    query = (
        select(incidents)
        .where(
            incidents.c.type == incident_type,
            or_(incidents.c.opened_at > at, incidents.c.relapsed_at > at),
            ~is_drill,
        )
        .order_by(incidents.c.opened_at, incidents.c.id)
    )
    with ExitStack() as stack:
        connection = stack.enter_context(database.read())
        rows = connection.execution_options(yield_per=AT_ONCE).execute(query)
        stack.callback(rows.close)  # else PostgreSQL's cursor stays open
        return next((each for each in map(incident_of, rows) if fits(each)), None)
