"""The priority of due runs, whose turn it is, and for which of them a place is reserved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.incident import Severity
from schemas.incident.fairness import Claimant

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

URGENT = (Severity.P1, Severity.P2)
ORDER = [str(each) for each in Severity]
LAST = len(ORDER)


def priority(flow_run: FlowRun) -> int:
    """0 is the highest: P1, and runs that a person started; schedules are last."""
    if flow_run.auto_scheduled:
        return LAST
    alert = flow_run.parameters.get("alert")
    severity = alert.get("severity") if isinstance(alert, dict) else None
    return ORDER.index(severity) if severity in ORDER else 0


def is_urgent(flow_run: FlowRun) -> bool:
    """True for P1 and P2, and what ranks like them: a place is reserved for such runs."""
    return priority(flow_run) < len(URGENT)


def claimant_of(flow_run: FlowRun) -> Claimant:
    """Who waits: the service that the run is for; without one, the run itself."""
    alert = flow_run.parameters.get("alert")
    said = alert if isinstance(alert, dict) else {}
    service = said.get("service")
    known = isinstance(service, str) and service != ""
    return Claimant(
        priority(flow_run), service if known else flow_run.id, str(said.get("sender") or "")
    )
