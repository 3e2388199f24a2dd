"""Assigns the review that every violation by an agent needs (PRD-STD-009)."""

from __future__ import annotations

from schemas.agents import NamedAgent
from schemas.incident import route_for
from tasks.agents.registry import agents_of, target_with_agents
from tasks.case import Case
from tasks.channels.jira import client as jira
from tasks.channels.jira.ticket import ensure_ticket
from tasks.incident.evidence import Evidence
from tasks.step import step, verbatim


@step("assign the review", says=verbatim, timeout=300)
def assign_review(case: Case, agent: NamedAgent) -> str:
    """Record, and write in a ticket, who reviews the violation and where the evidence is.

    Uses the route's ticket where there is one; without Jira, only the record.
    Raises OutsideServiceError when Jira does not accept it.
    """
    settings = case.settings
    agents = agents_of(target_with_agents(agent.target, settings))
    incident = case.incident
    if route_for(incident.severity, incident.type, settings.routes).ticket:
        where = "in the incident's ticket"
    elif jira.configured(settings):
        ticket = ensure_ticket(case.incident_id, settings, holder=f"{case.holder}/review")
        where = f"in ticket {ticket.key} ({ticket.url})"
    else:
        where = "in this record only: Jira is not configured"
    manifest = Evidence(case.incident_id, settings.home).manifest_sha256
    return (
        f"the violation by {agent} is to be reviewed by {' and '.join(agents.reviewers)}, {where};"
        f" evidence manifest sha256 {manifest}"
    )
