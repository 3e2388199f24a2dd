"""Disposes of incidents whose time is over: a few in each transaction, so that no alert waits.

The record, and all that belongs to it in the store, goes; its entries lose their content, and a new
entry lists them (`tasks/store/audit/disposed.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from schemas.corrective import Stage
from schemas.errors import AeefError
from schemas.incident import Incident, Severity, Status
from schemas.retention import due_at, years_before
from tasks.base.storable import moment_text
from tasks.store.audit.audit import Chain
from tasks.store.audit.disposed import BLANK, DISPOSED, Left
from tasks.store.audit.evidence import seal_in
from tasks.store.database.tables import (
    audit,
    corrective_actions,
    disposals,
    incidents,
    metadata,
    moments,
    outbox,
    standings,
    webhooks,
)
from tasks.store.records import incident_of
from tasks.store.retention.holds import Standing

Years = Mapping[Severity, int]
OVER = [each.value for each in Status if each.is_over]
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


class Disposed(NamedTuple):
    """One that is no more, as the audit log lists it."""

    incident_id: UUID
    number: int
    type: str
    severity: str
    at: datetime
    seq: int


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
    due, stays = _sorted_out(connection, rows, now, years)
    last = (rows[-1].opened_at, rows[-1].id) if len(rows) == limit else None
    return Page(due, stays, last)


def _sorted_out(
    connection: Connection, rows: Sequence[Row[Any]], now: datetime, years: Years
) -> tuple[list[Due], list[Skipped]]:
    """Which may go now, and which of those that are due stay."""
    ids = [row.id for row in rows]
    ended = _ended_at(connection, ids)
    busy = _unsettled(connection, ids)
    carries = _merged_into(connection, ids)
    holds = Standing(connection)
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
            stays.append(Skipped(incident, f"{busy[row.id]} is not settled"))
        elif row.id in carries:
            stays.append(Skipped(incident, "another incident that is kept is part of it"))
        else:
            due.append(Due(incident, end, over))
    return due, stays


def dispose(chain: Chain, ids: Sequence[str], years: Years, actor: str) -> list[Disposed]:
    """Dispose of those of these that may go now, in this transaction. [] : none of them."""
    connection = chain.connection
    rows = connection.execute(
        select(incidents).where(incidents.c.id.in_(ids), incidents.c.status.in_(OVER))
    ).all()
    due, _stays = _sorted_out(connection, rows, chain.now, years)
    if not due:
        return []
    gone = [str(each.incident.incident_id) for each in due]
    left, seals = _entries_of(connection, gone)
    connection.execute(update(audit).where(audit.c.incident_id.in_(gone)).values(**BLANK))
    _delete(connection, gone)
    entry = chain.append(
        None,
        f"disposed of {_in_words(due)}: kept for as long as the settings say, and not held",
        actor=actor,
        automated=True,
        details={
            DISPOSED: [
                {
                    **_named(each),
                    "first": left[id_].first,
                    "entries": left[id_].entries,
                    "digest": left[id_].digest,
                    "evidenceManifests": seals.get(id_, []),
                }
                for id_, each in zip(gone, due, strict=True)
            ]
        },
    )
    done = [
        Disposed(
            each.incident.incident_id,
            each.incident.number,
            each.incident.type,
            each.incident.severity.value,
            chain.now,
            entry.seq,
        )
        for each in due
    ]
    rows_of = [
        {**each._asdict(), "incident_id": str(each.incident_id), "at": moment_text(each.at)}
        for each in done
    ]
    connection.execute(delete(disposals).where(disposals.c.incident_id.in_(gone)))
    connection.execute(insert(disposals), rows_of)
    return done


def _named(each: Due) -> dict[str, Any]:
    incident = each.incident
    return {
        "incidentId": str(incident.incident_id),
        "number": incident.number,
        "type": incident.type,
        "severity": incident.severity.value,
        "endedAt": moment_text(each.ended_at),
        "dueAt": moment_text(each.due_at),
    }


def _in_words(due: Sequence[Due]) -> str:
    some = ", ".join(each.incident.reference for each in due[:3])
    more = f" and {len(due) - 3} more" if len(due) > 3 else ""
    return f"the records of {len(due)} incident{'s' if len(due) > 1 else ''} ({some}{more})"


def _ended_at(connection: Connection, ids: Sequence[str]) -> dict[str, datetime]:
    """The last end of each, as its moments have it: closing it counts, too."""
    newest = func.max(func.coalesce(moments.c.closed_at, moments.c.resolved_at))
    query = select(moments.c.incident_id, newest).where(moments.c.incident_id.in_(ids))
    rows = connection.execute(query.group_by(moments.c.incident_id))
    return {id_: datetime.fromisoformat(at) for id_, at in rows if at}


def _unsettled(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Those with a corrective action that somebody still has to do something about."""
    query = select(corrective_actions.c.incident_id, corrective_actions.c.number).where(
        corrective_actions.c.incident_id.in_(ids), corrective_actions.c.stage.not_in(_SETTLED)
    )
    return {id_: f"corrective action CA-{number}" for id_, number in connection.execute(query)}


def _merged_into(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those that others are part of: they go after them."""
    query = select(standings.c.merged_into).where(standings.c.merged_into.in_(ids))
    return set(connection.scalars(query))


def _entries_of(
    connection: Connection, ids: Sequence[str]
) -> tuple[dict[str, Left], dict[str, list[dict[str, Any]]]]:
    """What is left of their entries, and the newest seals of their evidence, on each machine."""
    left: dict[str, Left] = {each: Left() for each in ids}
    seals: dict[str, dict[str, dict[str, Any]]] = {}
    query = select(audit).where(audit.c.incident_id.in_(ids)).order_by(audit.c.seq)
    for row in connection.execute(query):
        if row.details == "":  # of an earlier incident with the same id, which was disposed of
            continue
        left[row.incident_id].add(row)
        seal = seal_in(json.loads(row.details), row.seq)
        if seal is not None:
            said = {"machine": seal.machine, "lines": seal.lines, "sha256": seal.sha256}
            seals.setdefault(row.incident_id, {})[seal.machine] = said
    return left, {each: list(found.values()) for each, found in seals.items()}


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    """Delete the incidents and all that points to them, whichever table that is in."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table is incidents for key in column.foreign_keys):
                connection.execute(delete(table).where(column.in_(ids)))
    # SQLite gives the number of the newest event again, once it is gone: no webhook may skip it.
    newest = select(func.coalesce(func.max(outbox.c.seq), 0)).scalar_subquery()
    connection.execute(update(webhooks).where(webhooks.c.seq > newest).values(seq=newest))
    connection.execute(delete(incidents).where(incidents.c.id.in_(ids)))
