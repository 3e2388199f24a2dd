"""The record of what a person asked for: nobody is paged for it."""

from __future__ import annotations

from schemas.agents import NamedAgent
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import Settings
from tasks.incident.claim_runbook import RUN
from tasks.store import open_store
from tasks.store.claim_keys import runbook_key


def open_for_suspension(
    agent: NamedAgent, requested_by: str, reason: str, run: str, settings: Settings
) -> Incident:
    """The record of an agent's suspension; the rest as `open_by_hand`."""
    alert = Alert(
        type=IncidentType.AGENT_VIOLATION,
        severity=Severity.P4,
        service=agent.target,
        description=f"Suspension of {agent} asked for by {requested_by}: {reason}"[:20_000],
        source=requested_by,
        labels={"agent": agent.agent_id},
        dedup_key=f"suspension:{run}",
        names_one_occurrence=True,
    )
    return open_by_hand(alert, run, settings)


def open_for_service(
    what: str, target: str, requested_by: str, reason: str, run: str, settings: Settings
) -> Incident:
    """The record of something done to a target's services; the rest as `open_by_hand`.

    what: `Isolation`, `Collection of evidence`.
    """
    alert = Alert(
        type=IncidentType.SECURITY,
        severity=Severity.P4,
        service=target,
        description=f"{what} of {target} asked for by {requested_by}: {reason}"[:20_000],
        source=requested_by,
        dedup_key=f"{what.lower()}:{run}",
        names_one_occurrence=True,
    )
    return open_by_hand(alert, run, settings)


def open_by_hand(alert: Alert, run: str, settings: Settings) -> Incident:
    """An incident whose runbook counts as done: the sweep must not start it.

    run: what names this one request; asked again with it, the same record is used.
    """
    assert alert.type is not None
    assert alert.severity is not None
    store = open_store(settings)
    incident = store.open_or_attach(alert, alert.type, alert.severity, announce=False).incident
    store.finish_claim(incident.incident_id, runbook_key(incident), f"{RUN}{run}", {})
    return incident
