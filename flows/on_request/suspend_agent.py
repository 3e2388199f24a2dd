"""Runbook: a person asks for an agent's suspension."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.agent_violation import contain_agent
from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.agents.name_agent import find_target
from tasks.agents.suspend_agent import plan_suspension
from tasks.incident.change_status import change_status
from tasks.incident.open_by_hand import open_for_suspension


@flow(name="suspend-agent", persist_result=True)
def suspend_agent(
    agent_id: str,
    reason: str = "no reason given",
    service: str | None = None,
    dry_run: bool = False,
    requested_by: str = "operator",
) -> State[str] | str:
    """Suspend an agent as the runbook does, with evidence; `resume-agent` undoes it.

    service: selects the target when several registries list the agent.
    dry_run: only return what would be done.
    """
    settings, run_id = load_settings(), this_run_id()
    agent = find_target(agent_id, settings, service)
    if dry_run:
        return f"would suspend {agent}: {plan_suspension(agent, settings)}"
    incident = open_for_suspension(agent, requested_by, reason, settings, run_id)
    name_run(incident)
    response = Response(incident, run_id, settings, "suspend-agent")

    def contain() -> None:
        contain_agent(response, requested_by or "operator")
        response.do(change_status, Status.MITIGATED, "the agent is suspended")

    return response.carry_out(contain)
