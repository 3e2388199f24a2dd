"""Gives a run its incident: the one that the event names, or a new one for a foreign event."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas.errors import IncidentNotFound, InvalidInput
from schemas.findings import check_details
from schemas.incident import Alert, Incident, IncidentType, classify
from schemas.settings import Settings, load_settings
from tasks.incident.keep_original import keep_original
from tasks.store import open_store


def open_incident(alert: Any, settings: Settings | None = None) -> Incident:
    """The incident of an event's payload.

    alert: `{"incidentId": …}` as our intake emits it, or our alert JSON as anyone may emit it.
    Raises InvalidInput that names each wrong field, IncidentNotFound for an id we do not know.
    """
    settings = settings or load_settings()
    store = open_store(settings)
    try:
        # A person may have started the run with anything; `parse_alert` says what is wrong with it.
        if isinstance(alert, dict) and (incident_id := alert.get("incidentId")):
            return store.incident(str(incident_id))
        parsed = parse_alert(alert)
    except (InvalidInput, IncidentNotFound) as error:  # it may name what the sender wrote
        raise type(error)(store.masked_text(str(error))) from None
    incident_type, severity = classify(parsed, settings.triage_rules, settings.default_severities)
    opened = store.open_or_attach(parsed, incident_type, severity, announce=False)
    keep_original(opened, parsed, settings)
    return opened.incident


def open_unreadable(error: InvalidInput, settings: Settings | None = None) -> Incident:
    """An incident for an event that could not be read, so that somebody hears of it."""
    settings = settings or load_settings()
    alert = Alert(description=f"An event could not be read: {error}"[:20_000], source="prefect")
    incident_type = IncidentType.UNKNOWN
    severity = classify(alert, (), settings.default_severities).severity
    store = open_store(settings)
    return store.open_or_attach(alert, incident_type, severity, announce=False).incident


def parse_alert(data: Any) -> Alert:
    """An alert from JSON data; InvalidInput names each wrong field and repeats no value."""
    try:
        return check_details(Alert.model_validate(data))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'alert'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(f"not a valid alert: {problems}") from None
