"""Disposes of incidents whose time is over: a few in each transaction, so that no alert waits.

The record, and all that belongs to it in the store, goes; its entries lose their content, and a new
entry lists them (`tasks/store/audit/disposed.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from tasks.base.storable import moment_text
from tasks.store.audit.audit import Chain
from tasks.store.audit.disposed import BLANK, DISPOSED, Left
from tasks.store.audit.evidence import seal_in
from tasks.store.database.tables import (
    audit,
    disposals,
    incidents,
    metadata,
    outbox,
    webhooks,
)
from tasks.store.retention.due import OVER, Due, Years, sorted_out


class Disposed(NamedTuple):
    """One that is no more, as the audit log lists it."""

    incident_id: UUID
    number: int
    type: str
    severity: str
    at: datetime
    seq: int


def dispose(chain: Chain, ids: Sequence[str], years: Years, actor: str) -> list[Disposed]:
    """Dispose of those of these that may go now, in this transaction. [] : none of them."""
    connection = chain.connection
    rows = connection.execute(
        select(incidents).where(incidents.c.id.in_(ids), incidents.c.status.in_(OVER))
    ).all()
    due, _stays = sorted_out(connection, rows, chain.now, years)
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
