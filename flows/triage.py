"""Runbook: an incident of no known type, or of one that has no runbook of its own."""

from __future__ import annotations

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.runbook import Response, runbook


@runbook("triage")
def triage(response: Response) -> None:
    """Route to on-call; for P1 also go back at once to the last known good release."""
    notify(response)
    if response.route.rollback:
        if response.target:
            go_back(response)
        else:
            response.note(
                f"nothing was rolled back: no configured target has the service"
                f" '{response.incident.service}'"
            )
