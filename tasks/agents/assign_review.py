"""Assigns the review that every violation by an agent needs (PRD-STD-009)."""

from __future__ import annotations

from schemas.agents import NamedAgent
from tasks.agents.registry import agents_of, target_with_agents
from tasks.case import Case
from tasks.channels.jira import assignment
from tasks.channels.jira import client as jira
from tasks.channels.jira.ticket import ensure_ticket
from tasks.incident.evidence import Evidence
from tasks.step import step, verbatim


@step("assign the review", says=verbatim, timeout=300)
def assign_review(case: Case, agent: NamedAgent) -> str:
    """Record, and write in a ticket, who reviews the violation and where the evidence is.

    In the incident's ticket, once; without Jira only on record.
    Raises OutsideServiceError when Jira does not accept it.
    """
    settings = case.settings
    agents = agents_of(target_with_agents(agent.target, settings))
    manifest = Evidence(case.incident_id, settings.home).manifest_sha256
    review = (
        f"the violation by {agent} is to be reviewed by {' and '.join(agents.reviewers)};"
        f" evidence manifest sha256 {manifest}"
    )
    if not jira.configured(settings):
        return f"{review}; this is in no ticket: Jira is not configured"
    ticket = ensure_ticket(case.incident_id, settings, holder=f"{case.holder}/review")
    mark = f"aeef-review-{case.incident_id}"
    if not assignment.look(ticket.key, mark, settings).commented:
        assignment.comment(ticket.key, [review, f"Reference: {mark}"], settings)
    return f"{review}; written in ticket {ticket.key} ({ticket.url})"
