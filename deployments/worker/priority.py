"""Which of the runs that are due is started first, and for which a place is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.incident import Severity

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

URGENT = (Severity.P1, Severity.P2)
ORDER = [str(each) for each in Severity]
LAST = len(ORDER)


def priority(flow_run: FlowRun) -> int:
    """0 comes first: P1, and what a person or an escalation clock asks for; schedules come last."""
    if flow_run.auto_scheduled:
        return LAST
    alert = flow_run.parameters.get("alert")
    severity = alert.get("severity") if isinstance(alert, dict) else None
    return ORDER.index(severity) if severity in ORDER else 0


def is_urgent(flow_run: FlowRun) -> bool:
    """True when a place is kept for it."""
    return priority(flow_run) < len(URGENT)
