"""Runbook: a named person approves that a suspended agent is resumed."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.settings import load_settings
from tasks.agents.name_agent import find_target
from tasks.agents.preserve_agent_state import preserve_agent_state
from tasks.agents.resume_agent import (
    check_approval,
    incident_of,
    plan_resumption,
    resume_question,
    suspension_of,
)
from tasks.agents.resume_agent import resume_agent as resume
from tasks.approvals.rules import knows_people
from tasks.store import open_store


@flow(name="resume-agent", persist_result=True)
def resume_agent(
    agent_id: str,
    approver: str = "",
    service: str | None = None,
    dry_run: bool = False,
    requested_by: str = "",
) -> State[str] | str:
    """Resume an agent, recorded on the incident that it was suspended for.

    approver: a name, where nobody is configured who may approve: the escalation approver of the
    agent's contract, if it names one. Otherwise leave it empty: the run asks, and waits for their
    signatures. dry_run: only return what would be done.
    requested_by: the person who starts it: their own signature does not count.
    """
    settings = load_settings()
    agent = find_target(agent_id, settings, service)
    if dry_run:
        return plan_resumption(agent, approver, settings)
    incident = open_store(settings).incident(incident_of(agent, settings))
    name_run(incident)
    response = Response(incident, this_run_id(), settings, "resume-agent")
    under = ""
    if knows_people(settings) and not approver:
        suspension_of(agent, settings)
        approval = response.approval(resume_question(agent, settings, requested_by))
        if not approval.is_granted:
            return Completed(message=f"{agent} stays suspended", name="Rejected")
        under = str(approval.id)
    # A refusal ends the run here: it is recorded, and nobody has to take over.
    response.do(check_approval, agent, approver, under)

    def undo() -> None:
        response.do(preserve_agent_state, agent, "before-resumption")
        response.do(resume, agent, approver, under)

    return response.carry_out(undo)
