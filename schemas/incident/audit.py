"""One entry of the audit log, and its hash: each entry seals all entries before it."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.model import Model, UtcDatetime

GENESIS = "0" * 64
"""`prev_hash` of the first entry."""


class AuditEntry(Model):
    """Who did what, when. `hash` covers every other field, `prev_hash` the entry before.

    incident_id: None for an entry that belongs to no incident.
    details: data besides the text; `record` is the SHA-256 of the incident's document after
    this entry.
    """

    seq: int = Field(ge=1)
    entry_id: UUID
    incident_id: UUID | None = None
    timestamp: UtcDatetime
    actor: str
    automated: bool
    action: str
    details: dict[str, JsonValue] = Field(default_factory=dict)
    prev_hash: str
    hash: str = ""

    def compute_hash(self) -> str:
        """The correct hash of this entry."""
        return hash_of(
            {
                "seq": self.seq,
                "entryId": str(self.entry_id),
                "incidentId": None if self.incident_id is None else str(self.incident_id),
                "timestamp": self.timestamp.isoformat(timespec="microseconds"),
                "actor": self.actor,
                "automated": self.automated,
                "action": self.action,
                "details": self.details,
                "prevHash": self.prev_hash,
            }
        )

    def sealed(self) -> AuditEntry:
        """This entry with its hash."""
        return self.model_copy(update={"hash": self.compute_hash()})


def canonical_json(data: Any) -> str:
    """The data as canonical JSON: sorted keys, no spaces, only necessary escapes."""
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def hash_of(data: Any) -> str:
    """SHA-256, in hex, of the canonical JSON in UTF-8."""
    return hash_of_text(canonical_json(data))


def hash_of_text(text: str) -> str:
    """SHA-256, in hex, of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
