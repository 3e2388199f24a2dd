"""What belongs to one incident in a bundle, read so that all parts are of one moment."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import UUID

from schemas.errors import NotPossibleNow
from schemas.incident import AuditEntry, canonical_json
from tasks.base.storable import moment_text
from tasks.store import Store

_TRIES = 5


class Gathered(NamedTuple):
    """One incident: its files by name, and what the index shows of it."""

    incident_id: UUID
    number: int
    record: dict[str, Any]
    entries: list[AuditEntry]
    files: dict[str, bytes]

    @property
    def title(self) -> str:
        """`#12 P1 security`."""
        return f"#{self.number} {self.record['severity']} {self.record['type']}"


def gather(incident_id: UUID, store: Store) -> Gathered:
    """Read everything but the evidence; again, when somebody changed it meanwhile."""
    for _ in range(_TRIES):
        entries = store.timeline(incident_id)
        kept = store.chain.kept(incident_id)
        files = {
            "record.json": kept.document.encode(),
            "alert.json": kept.alert.encode(),
            "entries.jsonl": b"".join(line_of(entry) for entry in entries),
            "approvals.json": _json([each.to_json() for each in store.approvals.of(incident_id)]),
            "corrective-actions.json": _json(
                [each.to_json() for each in store.corrective.of(incident_id)]
            ),
        }
        if kept.review is not None:
            files["review.json"] = _json(kept.review)
        if store.timeline(incident_id)[-1].hash == entries[-1].hash:
            record = json.loads(kept.document)
            return Gathered(incident_id, kept.number, record, entries, files)
    raise NotPossibleNow(f"incident {incident_id} changes all the time: try again")


def line_of(entry: AuditEntry) -> bytes:
    """The entry on one line, as its hash covers it."""
    incident = None if entry.incident_id is None else str(entry.incident_id)
    data = {
        **entry.to_json(),
        "incidentId": incident,
        "timestamp": moment_text(entry.timestamp),
        "details": entry.details,
    }
    return canonical_json(data).encode() + b"\n"


def _json(data: Any) -> bytes:
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
