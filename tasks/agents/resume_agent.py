"""Resumes a suspended agent: undoes what we did to stop it, when a person approves."""

from __future__ import annotations

from schemas.agents import NamedAgent, Suspension, SuspensionJournal
from schemas.approvals import Carried, Question, What
from schemas.errors import InvalidInput
from schemas.settings import Settings, Target
from tasks.agents import control_plane as agent_control_plane
from tasks.agents.containers import unpause_containers
from tasks.agents.journal import end_suspension, read_resumed, read_suspension, suspension_lock
from tasks.agents.registry import agents_of, contract_of, find_agent, set_status, target_with_agents
from tasks.agents.suspend_agent import CONTAINERS, CONTROL_PLANE, REGISTRY, attempt, conclude
from tasks.approvals.require import (
    Approved,
    carried_out,
    check_approval_of,
    require_approval,
)
from tasks.case import Case
from tasks.step import step


@step(
    "check the approval",
    says=lambda by: f"the agent may act again, approved by {by}",
    timeout=120,
)
def check_approval(case: Case, agent: NamedAgent, approver: str, under: str = "") -> str:
    """Who approves. Raises InvalidInput and AwaitsApproval as `resume_agent`.

    Changes nothing; it asks for the approval that is missing.
    """
    suspension_of(agent, case.settings)
    return _approved(case, agent, approver, under).by


RESPOND = "resume-agent/by hand"


def _resumed(done: Suspension) -> str:
    return f"resumed {done.agent}: {done}"


@step("resume the agent", says=_resumed, timeout=600)
def resume_agent(case: Case, agent: NamedAgent, approver: str, under: str = "") -> Suspension:
    """Undo exactly what the suspension changed; what others stopped before stays stopped.

    approver, under: see `require_approval`; only the contract's escalation approver counts, if it
    names one.
    Raises InvalidInput or AwaitsApproval without approval, InvalidInput when we did not suspend
    the agent; TemporaryError or PermanentError that lists what is still stopped: repeating the
    call completes it.
    """
    settings = case.settings
    target = target_with_agents(agent.target, settings)
    approved = _approved(case, agent, approver, under)
    with suspension_lock(agent, settings.home):
        outcome = _resume(suspension_of(agent, settings), approved.by, target, settings)
        conclude(outcome, "it is still stopped in part")
        end_suspension(agent, settings.home)
    carried_out(approved, settings)
    return outcome


def resume_question(agent: NamedAgent, settings: Settings, asked_by: str = "") -> Question:
    """What is asked. Raises InvalidInput when nobody can tell who may approve."""
    target = target_with_agents(agent.target, settings)
    wanted = contract_of(target, agent.agent_id).escalation_approver
    journal = read_suspension(agent, settings.home) or read_resumed(agent, settings.home)
    since = f" since {journal.suspended_at.isoformat()}" if journal else ""
    incidents = ", ".join(journal.incidents) if journal else ""
    return Question(
        what=What.RESUME_AGENT,
        subject=str(agent),
        shown=f"Let {agent} act again: it is suspended{since} for {incidents}.",
        asked_by=asked_by,
        authors=(agent.agent_id,),
        only=(wanted,) if wanted else (),
        carried=Carried(
            deployment=RESPOND, parameters={"agent_id": agent.agent_id, "service": agent.target}
        ),
    )


def _approved(case: Case, agent: NamedAgent, approver: str, under: str) -> Approved:
    _not_itself(approver, agent)
    return require_approval(
        case.incident_id,
        resume_question(agent, case.settings, case.person or ""),
        approver,
        case.settings,
        otherwise=_stays(agent),
        actor=case.actor,
        under=under,
    )


def _not_itself(approver: str, agent: NamedAgent) -> None:
    if approver.strip().casefold() == agent.agent_id.casefold():
        raise InvalidInput(
            f"{_stays(agent)}: an agent does not approve its own resumption: name a person"
        )


def _stays(agent: NamedAgent) -> str:
    return f"{agent} stays suspended"


def suspension_of(agent: NamedAgent, settings: Settings) -> SuspensionJournal:
    """The journal of the suspension. Raises InvalidInput when we did not suspend the agent."""
    journal = read_suspension(agent, settings.home)
    if journal is None:
        raise InvalidInput(f"{agent} is not suspended by this AEEF: there is nothing to undo")
    return journal


def incident_of(agent: NamedAgent, settings: Settings) -> str:
    """The incident that the agent was last suspended for. Raises InvalidInput when there is none.

    Works after the resumption too, so that a retry of its run finds what it has done.
    """
    resumed = read_resumed(agent, settings.home)
    return (read_suspension(agent, settings.home) or resumed or suspension_of(agent, settings)
            ).incidents[-1]  # fmt: skip


def plan_resumption(agent: NamedAgent, approver: str, settings: Settings) -> str:
    """What `resume_agent` would do. Changes nothing; raises as it does."""
    _not_itself(approver, agent)
    by = check_approval_of(resume_question(agent, settings), approver, settings, _stays(agent))
    journal = suspension_of(agent, settings)
    status = journal.previous_status or "unchanged (it was suspended before)"
    planned = "would resume it there" if journal.told_control_plane else "would be left alone"
    return (
        f"would resume {agent}, {by}: registry status {status};"
        f" containers to run again: {len(journal.paused_containers)}; control plane {planned}"
    )


def _resume(
    journal: SuspensionJournal, approver: str, target: Target, settings: Settings
) -> Suspension:
    agent_id = journal.agent.agent_id

    def registry() -> tuple[bool | None, str]:
        if journal.previous_status is None:
            return None, "was suspended before, and stays so"
        set_status(target, agent_id, journal.previous_status)
        now = find_agent(target, agent_id).status
        return now is journal.previous_status, f"status {now}, approved by {approver}"

    def control_plane() -> tuple[bool | None, str]:
        plane = agents_of(target).control_plane
        if plane is None or not journal.told_control_plane:
            return None, "was not changed by us"
        body = {"approvedBy": approver, "incidentId": journal.incidents[-1]}
        agent_control_plane.order("resume", agent_id, plane, settings, body)
        return True, "answers active"

    def containers() -> tuple[bool | None, str]:
        if not journal.paused_containers:
            return None, "none was paused by us"
        names = unpause_containers(journal.paused_containers)
        return True, f"running again: {', '.join(names) or 'none, they are gone or run already'}"

    ways = {REGISTRY: registry, CONTROL_PLANE: control_plane, CONTAINERS: containers}
    means = [attempt(name, way) for name, way in ways.items()]
    return Suspension(agent=journal.agent, means=means)
