"""Which incidents are due, and which of them stay, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, func, literal, or_, select, tuple_

from schemas.corrective import Stage
from schemas.errors import AeefError
from schemas.incident import Incident, Severity, Status
from schemas.retention import due_at, years_before
from tasks.base.storable import moment_text
from tasks.store.database.tables import (
    corrective_actions,
    incidents,
    moments,
    paged,
    related,
    standings,
)
from tasks.store.records import incident_of
from tasks.store.retention.holds import Standing

Years = Mapping[Severity, int]
OVER = [each.value for each in Status if each.is_over]
WAIVER_YEARS = 3
"""After its end (AEEF, "Retention & Audit Evidence Policy", exception and waiver records)."""
_SETTLED = [each.value for each in Stage if each.is_settled]


class Due(NamedTuple):
    """An incident whose time is over: when it ended, and since when it may go."""

    incident: Incident
    ended_at: datetime
    due_at: datetime


class Skipped(NamedTuple):
    """One that is due and stays: why, in words."""

    incident: Incident
    why: str


class Page(NamedTuple):
    """Some of those that are due, some of those that stay, and where to go on; None: at the end."""

    due: list[Due]
    stays: list[Skipped]
    after: tuple[str, str] | None


def due_page(
    connection: Connection, now: datetime, years: Years, after: tuple[str, str] | None, limit: int
) -> Page:
    """The next incidents that are over for long enough, by when they were opened."""
    old = [
        and_(
            incidents.c.severity == severity.value,
            incidents.c.opened_at < moment_text(years_before(now, many)),
        )
        for severity, many in years.items()
    ]
    query = select(incidents).where(incidents.c.status.in_(OVER), or_(*old))
    if after is not None:
        query = query.where(
            tuple_(incidents.c.opened_at, incidents.c.id) > tuple_(*map(literal, after))
        )
    query = query.order_by(incidents.c.opened_at, incidents.c.id).limit(limit)
    rows = connection.execute(query).all()
    due, stays = sorted_out(connection, rows, now, years)
    last = (rows[-1].opened_at, rows[-1].id) if len(rows) == limit else None
    return Page(due, stays, last)


def sorted_out(
    connection: Connection, rows: Sequence[Row[Any]], now: datetime, years: Years
) -> tuple[list[Due], list[Skipped]]:
    """Which may go now, and which of those that are due stay."""
    ids = [row.id for row in rows]
    ended = _ended_at(connection, ids)
    busy = _unsettled(connection, ids, now)
    carries = _merged_into(connection, ids)
    holds = Standing(connection)
    tied = {} if holds.are_none else _tied_to_held(connection, ids, holds)
    due, stays = [], []
    for row in rows:
        try:
            incident = incident_of(row)
        except AeefError:  # it was tampered with: verifying reports it, and it is evidence of that
            continue
        end = max(filter(None, (incident.resolved_at, ended.get(row.id))), default=None)
        if end is None or (over := due_at(end, years[incident.severity])) > now:
            continue
        hold = holds.over(incident)
        if hold is not None:
            stays.append(Skipped(incident, f"legal hold {hold.number}: {hold.reason}"))
        elif row.id in busy:
            stays.append(Skipped(incident, busy[row.id]))
        elif row.id in carries:
            stays.append(Skipped(incident, "another incident that is kept is part of it"))
        elif row.id in tied:
            stays.append(Skipped(incident, tied[row.id]))
        else:
            due.append(Due(incident, end, over))
    return due, stays


def _ended_at(connection: Connection, ids: Sequence[str]) -> dict[str, datetime]:
    """The last end of each, as its moments have it: closing it counts, too."""
    newest = func.max(func.coalesce(moments.c.closed_at, moments.c.resolved_at))
    query = select(moments.c.incident_id, newest).where(moments.c.incident_id.in_(ids))
    rows = connection.execute(query.group_by(moments.c.incident_id))
    return {id_: datetime.fromisoformat(at) for id_, at in rows if at}


def _unsettled(connection: Connection, ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Those with a corrective action that is not settled, or whose waiver ended lately: why."""
    query = select(corrective_actions).where(corrective_actions.c.incident_id.in_(ids))
    found: dict[str, str] = {}
    for row in connection.execute(query):
        reference = f"corrective action CA-{row.number}"
        if row.stage not in _SETTLED:
            found[row.incident_id] = f"{reference} is not settled"
        elif row.stage == Stage.WAIVED:
            until = (json.loads(row.document).get("waiver") or {}).get("until")
            if until is None or due_at(datetime.fromisoformat(until), WAIVER_YEARS) > now:
                found[row.incident_id] = f"the waiver of {reference} is kept until it is old enough"
    return found


def _merged_into(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those that others are part of: they go after them."""
    query = select(standings.c.merged_into).where(standings.c.merged_into.in_(ids))
    return set(connection.scalars(query))


def _tied_to_held(connection: Connection, ids: Sequence[str], holds: Standing) -> dict[str, str]:
    """Those that the record of a held incident points to: they go after it. Why."""
    found: dict[str, str] = {}
    for other, said in (
        (related.c.other_id, "is related to it"),
        (paged.c.carrier, "its page tells of"),
    ):
        query = select(incidents, other.label("tied")).join(
            other.table, other.table.c.incident_id == incidents.c.id
        )
        for row in connection.execute(query.where(other.in_(ids))):
            hold = holds.over(incident_of(row))
            if hold is not None:
                found[row.tied] = f"legal hold {hold.number} covers #{row.number}, which {said}"
    return found
