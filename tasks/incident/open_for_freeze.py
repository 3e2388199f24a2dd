"""The record of a freeze that a person asked for: nobody is paged for it."""

from __future__ import annotations

from uuid import uuid4

from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.claim_keys import runbook_key

KEY = "freeze:"


def open_for_freeze(target: str, approver: str, reason: str, settings: Settings) -> Incident:
    """An incident of severity P4 whose runbook counts as done: nothing else is to happen."""
    run = uuid4()
    alert = Alert(
        severity=Severity.P4,
        service=target,
        description=f"Freeze of {target} approved by {approver}: {reason or 'no reason given'}",
        source="aeef freeze",
        dedup_key=f"{KEY}{run}",
        names_one_occurrence=True,
    )
    store = open_store(settings)
    unknown = IncidentType.UNKNOWN
    incident = store.open_or_attach(alert, unknown, Severity.P4, announce=False).incident
    store.finish_claim(incident.incident_id, runbook_key(incident), f"by hand {run}", {})
    return incident


def is_for_freeze(alert: Alert) -> bool:
    """True when the incident is nothing but such a record."""
    return (alert.dedup_key or "").startswith(KEY)
