"""Who has an incident, in words: the same in Slack's message and in the answer to a late button."""

from __future__ import annotations

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.store import open_store


def called(on_record: str, settings: Settings) -> str:
    """What others call whoever is on record: `Ada` for `ada (pagerduty)`."""
    person = settings.people.get(on_record.partition(" (")[0])
    return person.called if person else on_record


def taken_in_words(incident: Incident, settings: Settings) -> str:
    """`Ada has it since 14:05:10 UTC`; empty while nobody has it. Never raises."""
    try:
        state = open_store(settings).escalations.state(incident.incident_id)
    except AeefError:
        return ""
    if state is None or state.taken_at is None or incident.status.is_over:
        return ""
    return f"{called(state.taken_by, settings)} has it since {state.taken_at:%H:%M:%S} UTC"
