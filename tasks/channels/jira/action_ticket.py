"""The Jira ticket of a corrective action: found by its label, or created; with its due date."""

from __future__ import annotations

from typing import Any

from schemas.corrective import CorrectiveAction
from schemas.incident import Incident
from schemas.incident.incident import RESTRICTED
from schemas.links import links_for
from schemas.settings import Settings
from tasks.base.trim import one_line, trim
from tasks.channels.jira.assignment import document
from tasks.channels.jira.client import Ticket, ensure_labelled
from tasks.channels.jira.document import SUMMARY_LIMIT

LABEL = "ai-incident-ca"
"""AEEF incident guide, "Corrective Action Tracking": by which they are found."""


def ensure_action_ticket(
    action: CorrectiveAction, incident: Incident, settings: Settings, *, tries: int = 2
) -> Ticket:
    """Find the action's ticket by its own label, or create it. Safe to repeat.

    Raises as `ensure_ticket` of an incident.
    """
    label = label_of_action(action)
    return ensure_labelled(
        label, lambda: _fields(action, incident, label, settings), settings, tries=tries
    )


def label_of_action(action: CorrectiveAction) -> str:
    """Another one each time that it is open again with a new ticket: the first one is closed."""
    again = f"-{action.times_opened}" if action.times_opened > 1 else ""
    return f"aeef-ca-{action.incident_id}-{action.number}{again}"


def _fields(
    action: CorrectiveAction, incident: Incident, label: str, settings: Settings
) -> dict[str, Any]:
    what = RESTRICTED if incident.is_restricted else action.text
    summary = f"{action.reference} ({action.category}) of {incident.title}: {one_line(what)}"
    lines = [
        *what.splitlines(),
        f"Owner: {action.owner}. Verified by: {action.verifier}. Due: {action.due_at:%Y-%m-%d}.",
        f"Incident: {incident.title}, {links_for(incident, settings).incident}",
        "When this ticket is closed, the verifier is asked to look; it does not count as verified.",
    ]
    return {
        "project": {"key": settings.jira.project},
        "issuetype": {"name": settings.jira.issue_type},
        "summary": trim(summary, SUMMARY_LIMIT),
        "description": document(lines),
        "labels": ["aeef", LABEL, label],
        "priority": {"name": settings.jira.priorities[incident.severity]},
        **settings.jira.fields,
        "duedate": f"{action.due_at:%Y-%m-%d}",
    }
