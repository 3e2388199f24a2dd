"""Runbook: an AI agent went beyond its trust boundary or its permissions."""

from __future__ import annotations

from functools import partial

from flows.parts.go_back import go_back
from flows.parts.notify import notify
from flows.parts.response import Response
from flows.parts.runbook import runbook
from schemas.incident import Status, agents_named
from tasks.agents.assign_review import assign_review
from tasks.agents.extract_agent_log import extract_agent_log
from tasks.agents.name_agent import name_agent
from tasks.agents.preserve_agent_state import preserve_agent_state
from tasks.agents.suspend_agent import check_suspension, foresee_suspension, suspend_agent
from tasks.base.attempt_all import attempt_all
from tasks.incident.change_status import change_status


def prepare(response: Response) -> None:
    """On a guess: notify people, keep evidence of the agent, and say what would stop it.

    Not even for P1 is anything rolled back: new containers would replace the evidence.
    """
    notify(response)
    if not agents_named(response.alert):
        response.note("nothing was prepared: the alert names no agent (label or detail `agent`)")
        return
    agent = response.do(name_agent)
    attempt_all(
        partial(response.do, preserve_agent_state, agent, "on-a-guess"),
        partial(response.do, extract_agent_log, agent),
        partial(response.do, foresee_suspension, agent),
    )


@runbook("agent-violation", prepares=prepare)
def agent_violation(response: Response) -> None:
    """Notify people; suspend the agent and verify it; extract its log and assign a review.

    For P1 the target is also rolled back to the last known good release.
    """
    notify(response)
    attempt_all(
        partial(contain_agent, response),
        partial(restore_if_routed, response),
    )
    response.do(change_status, Status.MITIGATED, "the agent is suspended")


def contain_agent(response: Response, asked_by: str = "") -> None:
    """Preserve evidence, suspend the agent, then extract its log when it can no longer write.

    asked_by: the person who asks for it; empty for the runbook.
    """
    agent = response.do(name_agent)
    attempt_all(
        partial(response.do, preserve_agent_state, agent, "before-suspension"),
        partial(response.do, suspend_agent, agent, asked_by),
        partial(response.do, extract_agent_log, agent),
        partial(response.do, assign_review, agent),
    )


def restore_if_routed(response: Response) -> None:
    """Roll back if the route says so, then check that the agent is still suspended.

    A rollback recreates containers, which could start the agent again; one that was withheld has
    changed nothing.
    """
    if not response.route.rollback:
        return
    if response.target is None:
        response.note(
            f"nothing was rolled back: no configured target has the service"
            f" '{response.incident.service}'"
        )
        return
    attempt_all(
        partial(go_back, response, mitigates=False),
        lambda: response.withheld or response.do(check_suspension, response.do(name_agent)),
    )
