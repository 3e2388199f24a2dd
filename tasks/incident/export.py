"""The record as whoever asks for it takes it away; who did is on record, too."""

from __future__ import annotations

from typing import Any

from schemas.validation import validate
from tasks.store import Store

READ = "Read: "
"""So begins what says that somebody read something."""


def exported(incident_id: str, store: Store, actor: str) -> dict[str, Any]:
    """The record as JSON, valid against the spec's schema. actor: who reads it."""
    incident = store.incident(incident_id)
    record = incident.to_json()
    validate("incident", record)
    note_reading(incident.incident_id, "the record", store, actor)
    return record


def note_reading(incident_id: object, what: str, store: Store, actor: str) -> None:
    """Put on record, of the incident, that somebody read something: an export, evidence.

    In the audit log alone: what was done about the incident is not changed by it.
    """
    store.record_action(
        str(incident_id), f"{READ}{what}", actor=actor, automated=False, in_record=False
    )
