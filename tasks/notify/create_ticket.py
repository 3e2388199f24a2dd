"""Makes sure that the incident has its Jira ticket."""

from __future__ import annotations

from schemas.settings import load_settings
from tasks.channels.jira import client as jira
from tasks.notify.ensure_ticket import ensure_ticket
from tasks.step import step, this_run


@step("create ticket", says=lambda text: text, timeout=300)
def create_ticket(incident_id: str) -> str:
    """Find the incident's ticket, or create it; say which, and where.

    Safe to repeat: Jira is searched first, by one step at a time. Not configured is said in the
    record, not an error.
    """
    settings = load_settings()
    if not jira.configured(settings):
        return "no ticket was made: Jira is not configured"
    ticket = ensure_ticket(incident_id, settings, holder=f"{this_run()}/create")
    return f"{'created' if ticket.created else 'found'} ticket {ticket.key} ({ticket.url})"
