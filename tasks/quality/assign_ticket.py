"""Assigns the incident's Jira ticket to the investigator, and comments the findings."""

from __future__ import annotations

from schemas.quality import Assessment, Investigation
from tasks.case import Case
from tasks.channels.jira import assignment as jira_assignment
from tasks.channels.jira import client as jira
from tasks.channels.jira.ticket import ensure_ticket
from tasks.quality.wording import lines_of
from tasks.reports.report_files import shown
from tasks.step import step, verbatim


@step("assign ticket", says=verbatim, timeout=300)
def assign_ticket(case: Case, assessment: Assessment | None, investigation: Investigation) -> str:
    """Find or create the ticket, comment on it once, and assign it unless it is assigned.

    An owner without an accountId in `[owners]` is named in the comment. Safe to repeat: Jira's
    state is checked first. Raises TemporaryError or PermanentError.
    """
    settings = case.settings
    owner = shown(investigation.owner)
    if not jira.configured(settings):
        return f"no ticket was given to {owner}: Jira is not configured"
    ticket = ensure_ticket(case.incident_id, settings, holder=f"{case.holder}/assign")
    mark = f"aeef-quality-{case.incident_id}"
    state = jira_assignment.look(ticket.key, mark, settings)
    if not state.commented:
        lines = [*lines_of(assessment, investigation), f"Reference: {mark}"]
        jira_assignment.comment(ticket.key, lines, settings)
    if state.assignee is not None:
        return f"ticket {ticket.key} ({ticket.url}) is assigned already; it names {owner}"
    if investigation.jira is None:
        return f"ticket {ticket.key} ({ticket.url}) names {owner}, who has no 'jira' in [owners]"
    refused = jira_assignment.assign(ticket.key, investigation.jira, settings)
    if refused:
        return f"ticket {ticket.key} ({ticket.url}) names {owner}, but is not assigned: {refused}"
    return f"assigned ticket {ticket.key} ({ticket.url}) to {owner}"
