"""Runbook: coverage or mutation score fell below its threshold."""

from __future__ import annotations

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.runbook import Response, runbook
from tasks.quality.assess_quality import assess_quality
from tasks.quality.assign_investigation import assign_investigation
from tasks.quality.assign_ticket import assign_ticket
from tasks.quality.notify_owner import notify_owner
from tasks.quality.publish_quality_report import publish_quality_report


@runbook("quality-degradation")
def quality_degradation(response: Response) -> None:
    """Alert; find what fell and whose it is; assign the investigation. P1 also goes back."""
    notify(response)
    try:
        investigate(response)
    finally:
        if response.route.rollback and response.target:
            go_back(response)


def investigate(response: Response) -> None:
    """Measure before a rollback changes the work tree; the owner is told side by side with it."""
    findings = None
    if response.target:
        findings = response.do(assess_quality, response.target.name)
    else:
        response.note(
            f"nothing was measured, and nothing rolled back: no configured target has the service"
            f" '{response.incident.service}'"
        )
    investigation = response.do(assign_investigation, findings)
    response.start(assign_ticket, findings, investigation)
    response.start(notify_owner, findings, investigation)
    response.start(publish_quality_report, findings, investigation)
