"""Opens records of manual operations: nobody is paged for them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from schemas.agents import NamedAgent
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.claim_keys import RUN, runbook_key

FREEZE = "freeze"
LONGEST_DESCRIPTION = 20_000


def open_for_rollback(
    target: str, requested_by: str, settings: Settings, run: UUID | None = None
) -> Incident:
    """The record of a rollback; otherwise as `open_by_hand`.

    run: this flow run claims the runbook itself, so that the sweep finds it when it dies.
    """
    return open_by_hand(
        "rollback",
        IncidentType.DEPLOYMENT_FAILURE,
        target,
        f"Rollback of {target} asked for by {requested_by}",
        requested_by,
        settings,
        run=run,
        run_claims_it=run is not None,
    )


def open_for_service(
    what: str,
    target: str,
    requested_by: str,
    reason: str,
    settings: Settings,
    *,
    incident_id: str | None = None,
    run: UUID | None = None,
) -> Incident:
    """The record of an operation on a target's services; otherwise as `open_by_hand`.

    what: `Isolation`, `Collection of evidence`. incident_id: use this incident's record instead.
    Raises IncidentNotFound.
    """
    if incident_id:
        return open_store(settings).incident(incident_id)
    return open_by_hand(
        what.lower(),
        IncidentType.SECURITY,
        target,
        f"{what} of {target} asked for by {requested_by}: {reason}",
        requested_by,
        settings,
        run=run,
    )


def open_for_suspension(
    agent: NamedAgent, requested_by: str, reason: str, settings: Settings, run: UUID | None = None
) -> Incident:
    """The record of an agent's suspension; otherwise as `open_by_hand`."""
    return open_by_hand(
        "suspension",
        IncidentType.AGENT_VIOLATION,
        agent.target,
        f"Suspension of {agent} asked for by {requested_by}: {reason}",
        requested_by,
        settings,
        run=run,
        labels={"agent": agent.agent_id},
    )


def open_for_freeze(target: str, approver: str, reason: str, settings: Settings) -> Incident:
    """The record of a freeze; otherwise as `open_by_hand`."""
    return open_by_hand(
        FREEZE,
        IncidentType.UNKNOWN,
        target,
        f"Freeze of {target} approved by {approver}: {reason or 'no reason given'}",
        "aeef freeze",
        settings,
    )


def is_for_freeze(alert: Alert) -> bool:
    """True when the incident is only the record of a freeze."""
    return (alert.dedup_key or "").startswith(f"{FREEZE}:")


def open_by_hand(
    what: str,
    incident_type: IncidentType,
    service: str,
    description: str,
    source: str,
    settings: Settings,
    *,
    run: UUID | None = None,
    labels: Mapping[str, str] | None = None,
    run_claims_it: bool = False,
) -> Incident:
    """A P4 incident for a manual operation; no automation repeats it.

    what: the prefix of its dedup key, one or two words.
    run: the flow run that does it, which gets the same record when it is retried; None: it is
    done by hand, without Prefect.
    run_claims_it: False: the runbook counts as done from the start, so that the sweep does not
    find it missing and start the automatic one.
    """
    name = run or uuid4()
    alert = Alert(
        type=incident_type,
        severity=Severity.P4,
        service=service,
        description=description[:LONGEST_DESCRIPTION],
        source=source,
        labels=dict(labels or {}),
        dedup_key=f"{what}:{name}",
        names_one_occurrence=True,
    )
    store = open_store(settings)
    opened = store.open_or_attach(
        alert, incident_type, Severity.P4, announce=False, may_relapse=False
    )
    incident = opened.incident
    if not run_claims_it:
        holder = f"{RUN}{name}" if run else f"by hand {name}"
        store.finish_claim(incident.incident_id, runbook_key(incident), holder, {})
    return incident
