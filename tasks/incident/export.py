"""The record as whoever asks for it takes it away; who did is on record, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from schemas.figures import Moments
from schemas.figures.export import EXTENSION, extension
from schemas.incident import Incident
from schemas.settings import Settings
from schemas.settings.teams import team_of
from schemas.validation import validate
from tasks.store import Store

READ = "Read: "
"""So begins what says that somebody read something."""


def exported(incident_id: str, store: Store, actor: str, settings: Settings) -> dict[str, Any]:
    """The record as JSON, valid against the spec's schema, and its times in `aeef`.

    actor: who reads it.
    """
    incident = store.incident(incident_id)
    record = _with_times(incident, store.moments.of(incident.incident_id), settings)
    note_reading(incident.incident_id, "the record", store, actor)
    return record


def exported_since(
    since: datetime, until: datetime, store: Store, actor: str, settings: Settings
) -> Iterator[dict[str, Any]]:
    """The same of each incident of which an occurrence was detected from `since` on and before
    `until`, also of drills; the newest first. That they were read is on record, once.
    """
    spoken = f"{since.isoformat()} to {until.isoformat()}"
    store.record_general(
        f"Read: the records of all incidents detected from {spoken}",
        actor=actor,
        automated=False,
        entry_id=uuid4(),
    )
    for incident, occurrences in store.moments.records(since, until):
        yield _with_times(incident, occurrences, settings)


def _with_times(
    incident: Incident, occurrences: Sequence[Moments], settings: Settings
) -> dict[str, Any]:
    team = team_of(incident.service, occurrences[0].team if occurrences else "", settings)
    record = {**incident.to_json(), EXTENSION: extension(incident, occurrences, team)}
    validate("incident", record)
    return record


def note_reading(incident_id: object, what: str, store: Store, actor: str) -> None:
    """Put on record, of the incident, that somebody read something: an export, evidence.

    In the audit log alone: what was done about the incident is not changed by it.
    """
    store.record_action(
        str(incident_id), f"{READ}{what}", actor=actor, automated=False, in_record=False
    )
