"""Verifies the audit log: the chain, its head, its anchors, and the sealed records."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sqlalchemy import Connection, Result, Row, Select, select

from schemas.errors import AuditBroken
from schemas.incident import GENESIS, canonical_json, hash_of, hash_of_text
from tasks.store.audit.anchors import Anchor, Anchors
from tasks.store.audit.audit import read_head
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, incidents

_AT_ONCE = 1000  # rows in memory


class AuditSummary(NamedTuple):
    """A verified chain: its number of entries, the newest hash, the number of matching anchors."""

    entries: int
    head: str
    anchors: int


class _Seal(NamedTuple):
    """The hash of the incident's record according to an entry."""

    seq: int
    record: str


def verify_audit(database: Database, anchors: Anchors) -> AuditSummary:
    """Recompute everything. Raises AuditBroken that names the first broken link."""
    # Read the anchors first: what they name was committed, so the later snapshot contains it.
    found = list(anchors.read())
    by_seq: dict[int, list[Anchor]] = {}
    for anchor in found:
        by_seq.setdefault(anchor.seq, []).append(anchor)
    with database.read(snapshot=True) as connection:
        seq, head, seals, alerts = _verify_chain(connection, by_seq, anchors)
        _verify_records(connection, seals, alerts)
    return AuditSummary(seq, head, len(found))


def _verify_chain(
    connection: Connection, anchored: dict[int, list[Anchor]], anchors: Anchors
) -> tuple[int, str, dict[str, _Seal], dict[str, str]]:
    seq, previous = 0, GENESIS
    seals: dict[str, _Seal] = {}
    alerts: dict[str, str] = {}
    with _streamed(connection, select(audit).order_by(audit.c.seq)) as rows:
        for row in rows:
            details = _verify_entry(row, seq + 1, previous)
            seq, previous = row.seq, row.hash
            for anchor in anchored.pop(seq, ()):
                if anchor.hash != previous:
                    raise AuditBroken(
                        f"audit {_name(row)} does not have the hash that line {anchor.line} of "
                        f"{anchors.path} noted: the chain was rewritten at or before it"
                    )
            if isinstance(details.get("record"), str):
                seals[row.incident_id] = _Seal(seq, details["record"])
            if isinstance(details.get("alert"), str):
                alerts.setdefault(row.incident_id, details["alert"])
    head_seq, head_hash = read_head(connection)
    if (head_seq, head_hash) != (seq, previous):
        raise AuditBroken(
            f"the audit chain ends with entry {seq}, but its head says entry {head_seq}"
            f"{' with another hash' if head_seq == seq else ''}: "
            + ("the newest entries were deleted" if head_seq > seq else "the end was tampered with")
        )
    if anchored:
        anchor = anchored[max(anchored)][0]
        raise AuditBroken(
            f"line {anchor.line} of {anchors.path} noted audit entry {anchor.seq}, but the chain "
            f"ends with entry {seq}: the newest entries were deleted, or the database was replaced"
        )
    return seq, previous, seals, alerts


def _verify_entry(row: Row[Any], expected_seq: int, previous: str) -> dict[str, Any]:
    """Verify one entry; return its details."""
    if row.seq != expected_seq:
        raise AuditBroken(
            f"audit entry {expected_seq} is missing; after entry {expected_seq - 1} comes "
            f"{_name(row)}: entries were deleted, or put in another order"
        )
    try:
        details = json.loads(row.details)
        written = canonical_json(details)
        computed = hash_of(
            {
                "seq": row.seq,
                "entryId": row.entry_id,
                "incidentId": row.incident_id,
                "timestamp": row.timestamp,
                "actor": row.actor,
                "automated": bool(row.automated),
                "action": row.action,
                "details": details,
                "prevHash": row.prev_hash,
            }
        )
    except (TypeError, ValueError):  # SQLite allows any type in any column
        details = written = None
        computed = ""
    if row.hash != computed or row.details != written or row.automated not in (0, 1):
        raise AuditBroken(
            f"audit {_name(row)} does not fit its own hash: it was changed after it was written"
        )
    if row.prev_hash != previous:
        raise AuditBroken(
            f"audit {_name(row)} does not follow entry {expected_seq - 1}: an entry was changed, "
            "deleted, inserted or put in another order there"
        )
    return details if isinstance(details, dict) else {}


def _verify_records(
    connection: Connection, seals: dict[str, _Seal], alerts: dict[str, str]
) -> None:
    """Verify that every incident's record matches the last entry that changed it; none missing."""
    with _streamed(connection, select(incidents).order_by(incidents.c.opened_at)) as rows:
        for row in rows:
            _verify_record(row, seals.pop(row.id, None), alerts.get(row.id))
    for incident_id, seal in seals.items():
        raise AuditBroken(
            f"incident {incident_id} is missing, though audit entry {seal.seq} changed its "
            "record: it was deleted"
        )


def _verify_record(row: Row[Any], seal: _Seal | None, alert: str | None) -> None:
    if seal is None:
        raise AuditBroken(
            f"incident {row.id} has no entry in the audit log: it was put into the database "
            "by something else than AEEF Runbooks"
        )
    if hash_of_text(row.document) != seal.record:
        raise AuditBroken(
            f"the record of incident {row.id} is not as audit entry {seal.seq} left it: "
            "its actions or other fields were changed outside AEEF Runbooks"
        )
    document = json.loads(row.document)
    if (document["type"], document["severity"], document["status"]) != (
        row.type,
        row.severity,
        row.status,
    ):
        raise AuditBroken(
            f"the columns of incident {row.id} (type, severity, status) do not fit its "
            "record: they were changed outside AEEF Runbooks"
        )
    if alert != hash_of_text(row.alert):
        raise AuditBroken(
            f"the alert that opened incident {row.id} was changed outside AEEF Runbooks"
        )


def _streamed(connection: Connection, query: Select[Any]) -> Result[Any]:
    """The rows in batches; close the result, or PostgreSQL's cursor stays open."""
    return connection.execute(query, execution_options={"yield_per": _AT_ONCE})


def _name(row: Row[Any]) -> str:
    return f"entry {row.seq}" + (f" (incident {row.incident_id})" if row.incident_id else "")
