"""Runbook: an incident of no known type, or of one that has no runbook of its own."""

from __future__ import annotations

from flows.escalate import escalate
from flows.restore import restore
from flows.runbook import Response, runbook


@runbook("triage")
def triage(response: Response) -> None:
    """Route to on-call; for P1 also go back at once to the last known good release."""
    escalate(response)
    if response.route.rollback:
        if response.target:
            restore(response)
        else:
            response.note(
                f"nothing was rolled back: no configured target has the service"
                f" '{response.incident.service}'"
            )
