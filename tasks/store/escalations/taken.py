"""Who has an incident, in words, for messages."""

from __future__ import annotations

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.lifecycle import person_of
from schemas.people import everybody
from schemas.settings import Settings
from tasks.store import open_store


def taken_in_words(incident: Incident, settings: Settings) -> str:
    """`Ada has it since 14:05 UTC`; empty when nobody has it, or it is over. Never raises."""
    try:
        standing = open_store(settings).lifecycle.standing(incident.incident_id)
    except AeefError:
        return ""
    if standing.owner is None or standing.owner_since is None or incident.status.is_over:
        return ""
    person = everybody(settings.people).get(person_of(standing.owner))
    called = person.called if person else standing.owner
    return f"{called} has it since {standing.owner_since:%H:%M} UTC"
