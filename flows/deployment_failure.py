"""Runbook: a production deployment failed its health checks."""

from __future__ import annotations

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.response import Response
from flows.parts.runbook import runbook


@runbook("deployment-failure")
def deployment_failure(response: Response) -> None:
    """Notify people; at the same time roll back to the last known good release."""
    notify(response)
    go_back(response)
