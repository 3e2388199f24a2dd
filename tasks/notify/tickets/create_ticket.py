"""The step that creates the incident's Jira ticket."""

from __future__ import annotations

from tasks.case import Case
from tasks.channels.jira import client as jira
from tasks.channels.jira.ticket import ensure_ticket
from tasks.step import step, verbatim


@step("create ticket", says=verbatim, timeout=300)
def create_ticket(case: Case) -> str:
    """Find or create the incident's ticket; return its key and URL in words.

    Safe to repeat: Jira is searched first, by one step at a time. Without a configured Jira, this
    is recorded and is not an error.
    """
    if not jira.configured(case.settings):
        return "no ticket was made: Jira is not configured"
    ticket = ensure_ticket(case.incident_id, case.settings, holder=f"{case.holder}/create")
    return f"{'created' if ticket.created else 'found'} ticket {ticket.key} ({ticket.url})"
