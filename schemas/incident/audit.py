"""One entry of the audit log, and how its hash is made: each entry seals all before it."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.model import Model, UtcDatetime

GENESIS = "0" * 64
"""What the first entry follows."""


class AuditEntry(Model):
    """Who did what, when. `hash` covers every other field, `prev_hash` the entry before.

    incident_id: None for what belongs to no incident.
    details: what a reader may need besides the text; `record` is the SHA-256 of the incident's
    document as this entry left it.
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
        """The hash that this entry must have."""
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
    """The one way to write this JSON data: sorted keys, no spaces, no escapes beyond need."""
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def hash_of(data: Any) -> str:
    """SHA-256, in hex, of the canonical JSON in UTF-8."""
    return hash_of_text(canonical_json(data))


def hash_of_text(text: str) -> str:
    """SHA-256, in hex, of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
