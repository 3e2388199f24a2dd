"""Runbook: a production deployment failed its health checks."""

from __future__ import annotations

from flows.escalate import escalate
from flows.restore import restore
from flows.runbook import Response, runbook


@runbook("deployment-failure")
def deployment_failure(response: Response) -> None:
    """Tell the people of the route; at the same time go back to the last known good release."""
    escalate(response)
    restore(response)
