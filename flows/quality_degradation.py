"""Runbook: coverage or mutation score fell below its threshold."""

from __future__ import annotations

from functools import partial

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.response import Response
from flows.parts.runbook import runbook
from tasks.base.attempt_all import attempt_all
from tasks.quality.assess_quality import assess_quality
from tasks.quality.assign_investigation import assign_investigation
from tasks.quality.assign_ticket import assign_ticket
from tasks.quality.notify_owner import notify_owner
from tasks.quality.publish_quality_report import publish_quality_report


@runbook("quality-degradation")
def quality_degradation(response: Response) -> None:
    """Notify people; find what fell and its owner; assign the investigation; roll back for P1."""
    notify(response)
    attempt_all(partial(investigate, response), partial(restore_if_routed, response))


def restore_if_routed(response: Response) -> None:
    """Roll back if the route says so, also when the quality could not be investigated."""
    if response.route.rollback and response.target:
        go_back(response)


def investigate(response: Response) -> None:
    """Measure the quality, then notify the owner while a rollback may already run.

    The measurement comes first because a rollback changes the work tree.
    """
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
