"""Resumes a suspended agent: undoes what we did to stop it, when a person approves."""

from __future__ import annotations

from schemas.agents import NamedAgent, Suspension, SuspensionJournal
from schemas.approval import named_person
from schemas.errors import InvalidInput
from schemas.settings import Settings, Target
from tasks.agents import control_plane as agent_control_plane
from tasks.agents.containers import unpause_containers
from tasks.agents.journal import end_suspension, read_resumed, read_suspension, suspension_lock
from tasks.agents.registry import agents_of, find_agent, set_status, target_with_agents
from tasks.agents.suspend_agent import CONTAINERS, CONTROL_PLANE, REGISTRY, attempt, conclude
from tasks.case import Case
from tasks.step import step


@step(
    "check the approval",
    says=lambda approver: f"{approver} approves that the agent acts again",
    timeout=120,
)
def check_approval(case: Case, agent: NamedAgent, approver: str) -> str:
    """The approver, if valid. Raises InvalidInput as `resume_agent`. Changes nothing."""
    suspension_of(agent, case.settings)
    return approved_by(approver, agent, target_with_agents(agent.target, case.settings))


def _resumed(done: Suspension) -> str:
    return f"resumed {done.agent}: {done}"


@step("resume the agent", says=_resumed, timeout=600)
def resume_agent(case: Case, agent: NamedAgent, approver: str) -> Suspension:
    """Undo exactly what the suspension changed; what others stopped before stays stopped.

    approver: the contract's escalation approver; if it names none, any person's name.
    Raises InvalidInput without approval, or when we did not suspend the agent; TemporaryError or
    PermanentError that lists what is still stopped: repeating the call completes it.
    """
    settings = case.settings
    target = target_with_agents(agent.target, settings)
    name = approved_by(approver, agent, target)
    with suspension_lock(agent, settings.home):
        outcome = _resume(suspension_of(agent, settings), name, target, settings)
        conclude(outcome, "it is still stopped in part")
        end_suspension(agent, settings.home)
    return outcome


def approved_by(approver: str, agent: NamedAgent, target: Target) -> str:
    """The approver's name. Raises InvalidInput when they may not approve, or it is no name."""
    stays = f"{agent} stays suspended"
    wanted = find_agent(target, agent.agent_id).contract.escalation_approver
    name = named_person(approver, stays, (wanted,) if wanted else ())
    if name.casefold() == agent.agent_id.casefold():
        raise InvalidInput(f"{stays}: an agent does not approve its own resumption: name a person")
    return name


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
    name = approved_by(approver, agent, target_with_agents(agent.target, settings))
    journal = suspension_of(agent, settings)
    status = journal.previous_status or "unchanged (it was suspended before)"
    planned = "would resume it there" if journal.told_control_plane else "would be left alone"
    return (
        f"would resume {agent}, approved by {name}: registry status {status};"
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
