"""Finds a run's incident: the one that the event names, or a new one for a foreign event."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas.errors import IncidentNotFound, InvalidInput
from schemas.findings import check_details
from schemas.incident import Alert, Incident, IncidentType, TypeSource, classify
from schemas.settings import Settings, load_settings
from tasks.incident.keep_original import keep_original
from tasks.store import Opened, open_store


def open_incident(
    alert: Any, settings: Settings | None = None, incident_type: IncidentType | None = None
) -> Incident:
    """The incident of an event's payload; see `find_or_open`."""
    return find_or_open(alert, settings or load_settings(), incident_type).incident


def find_or_open(
    alert: Any, settings: Settings, incident_type: IncidentType | None = None
) -> Opened:
    """The incident of an event's payload, and whether somebody has to look at its services.

    alert: `{"incidentId": …}` from our intake, or our alert JSON from any emitter.
    incident_type: of an alert that names none, as the emitter named it in the event's label.
    Raises InvalidInput that names each wrong field, IncidentNotFound for an unknown id.
    """
    store = open_store(settings)
    try:
        # A person may have started the run with any value; `parse_alert` reports what is wrong.
        if isinstance(alert, dict) and (incident_id := alert.get("incidentId")):
            return Opened(store.incident(str(incident_id)), is_new=False, severity_raised=False)
        parsed = parse_alert(alert)
    except (InvalidInput, IncidentNotFound) as error:  # its text may repeat the sender's input
        raise type(error)(store.masked_text(str(error))) from None
    triage = classify(parsed, settings.rules, settings.default_severities)
    if incident_type and triage.source is not TypeSource.SENDER:
        parsed = parsed.model_copy(update={"type": incident_type})
        triage = classify(parsed, settings.rules, settings.default_severities)
    opened = store.open_or_attach(
        parsed,
        triage.type,
        triage.severity,
        announce=False,
        source=triage.source,
        guessed_from=triage.guessed_from,
        also=settings.same_trouble(triage.type, parsed.service),
        grouping=settings.grouping_of(triage.type, parsed.service),
    )
    keep_original(opened, parsed, settings)
    return opened


def open_unreadable(error: InvalidInput, settings: Settings | None = None) -> Incident:
    """An incident for an unreadable event, so that somebody is notified of it."""
    settings = settings or load_settings()
    alert = Alert(
        type=IncidentType.UNKNOWN,
        description=f"An event could not be read: {error}"[:20_000],
        source="prefect",
    )
    severity = classify(alert, (), settings.default_severities).severity
    store = open_store(settings)
    return store.open_or_attach(alert, IncidentType.UNKNOWN, severity, announce=False).incident


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
