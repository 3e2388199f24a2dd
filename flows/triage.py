"""Runbook: an incident whose type is unknown, or has no runbook of its own."""

from __future__ import annotations

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.response import Response
from flows.parts.runbook import runbook


@runbook("triage")
def triage(response: Response) -> None:
    """Notify people; for P1 also roll back to the last known good release."""
    notify(response)
    if response.route.rollback:
        if response.target:
            go_back(response)
        else:
            response.note(
                f"nothing was rolled back: no configured target has the service"
                f" '{response.incident.service}'"
            )
