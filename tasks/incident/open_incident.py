"""Finds a run's incident: the one that the event names, or a new one for a foreign event."""

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

    alert: `{"incidentId": …}` from our intake, or our alert JSON from any emitter.
    Raises InvalidInput that names each wrong field, IncidentNotFound for an unknown id.
    """
    settings = settings or load_settings()
    store = open_store(settings)
    try:
        # A person may have started the run with any value; `parse_alert` reports what is wrong.
        if isinstance(alert, dict) and (incident_id := alert.get("incidentId")):
            return store.incident(str(incident_id))
        parsed = parse_alert(alert)
    except (InvalidInput, IncidentNotFound) as error:  # its text may repeat the sender's input
        raise type(error)(store.masked_text(str(error))) from None
    incident_type, severity = classify(parsed, settings.triage_rules, settings.default_severities)
    also = settings.same_trouble(incident_type, parsed.service)
    opened = store.open_or_attach(parsed, incident_type, severity, announce=False, also=also)
    keep_original(opened, parsed, settings)
    return opened.incident


def open_unreadable(error: InvalidInput, settings: Settings | None = None) -> Incident:
    """An incident for an unreadable event, so that somebody is notified of it."""
    settings = settings or load_settings()
    alert = Alert(description=f"An event could not be read: {error}"[:20_000], source="prefect")
    incident_type = IncidentType.UNKNOWN
    severity = classify(alert, (), settings.default_severities).severity
    store = open_store(settings)
    return store.open_or_attach(alert, incident_type, severity, announce=False).incident


def parse_alert(data: Any) -> Alert:
    """An alert from JSON data. Raises InvalidInput that names each wrong field, without values."""
    try:
        return check_details(Alert.model_validate(data))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'alert'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise InvalidInput(f"not a valid alert: {problems}") from None
