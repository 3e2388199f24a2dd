"""Suspends an AI agent by every configured means, and verifies that it cannot act.

The registry, the containers and the control plane are each checked twice: the second check finds
what was started while the others were being stopped.
"""

from __future__ import annotations

from collections.abc import Callable

from schemas.agents import AgentStatus, Means, NamedAgent, Suspension
from schemas.automation import Act
from schemas.errors import AeefError, PermanentError, TemporaryError
from schemas.settings import Settings, Target
from tasks.agents import control_plane as agent_control_plane
from tasks.agents import journal as suspension_journal
from tasks.agents.containers import containers_of, pause_containers
from tasks.agents.registry import agents_of, find_agent, set_status, target_with_agents
from tasks.case import Case, Intent
from tasks.step import step

REGISTRY, CONTAINERS, CONTROL_PLANE = "registry", "containers", "control plane"


def _suspended(done: Suspension) -> str:
    return f"suspended {done.agent}, verified: {done}{_on_paper(done)}"


def _still(done: Suspension) -> str:
    return f"looked again: {done.agent} is still suspended: {done}{_on_paper(done)}"


def _on_paper(done: Suspension) -> str:
    """A warning when there was neither a container nor a control plane to stop."""
    if [each.name for each in done.means if each.works] != [REGISTRY]:
        return ""
    return ". NOTHING BUT THE REGISTRY holds it: see to it that whatever runs it obeys that"


@step(
    "suspend the agent", says=_suspended, timeout=600, act=Act.SUSPENSION, contains=lambda _: True
)
def suspend_agent(case: Case, agent: NamedAgent, asked_by: str = "") -> Suspension:
    """Suspend the agent and verify it. Safe to repeat; `resume_agent` undoes it.

    asked_by: the person who asks for it; empty for a runbook, which needs somebody's word.
    Raises NotConfirmed on a guess; Withheld when the automation may not do it; TemporaryError or
    PermanentError that lists what could not be stopped, and what was.
    """
    _begin(case, agent, asked_by)
    return _stop(agent, case.incident_id, case.settings)


@step("foresee the suspension", says=lambda plan: f"not done yet: {plan}", timeout=120)
def foresee_suspension(case: Case, agent: NamedAgent) -> Suspension:
    """Record what `suspend_agent` would do, by each means. Changes nothing."""
    return plan_suspension(agent, case.settings)


@step("check the suspension", says=_still, timeout=600)
def check_suspension(case: Case, agent: NamedAgent, asked_by: str = "") -> Suspension:
    """Check again, and stop what was started since: a rollback recreates containers.

    Raises as `suspend_agent`.
    """
    _begin(case, agent, asked_by)
    return _stop(agent, case.incident_id, case.settings)


def _begin(case: Case, agent: NamedAgent, asked_by: str) -> None:
    case.require_word(f"{agent} is not suspended", asked_by)

    def would() -> str:
        return f"would suspend {agent}: {plan_suspension(agent, case.settings)}"

    is_suspended = suspension_journal.read_suspension(agent, case.settings.home) is not None
    intent = Intent(Act.SUSPENSION, agent.target, would, asked_by, subject=str(agent))
    case.begin(intent, again=is_suspended)


def plan_suspension(agent: NamedAgent, settings: Settings) -> Suspension:
    """What `suspend_agent` would do, by each means. Changes nothing."""
    target = target_with_agents(agent.target, settings)
    plane = agents_of(target).control_plane

    def registry() -> tuple[bool | None, str]:
        return True, f"is {find_agent(target, agent.agent_id).status}, would be suspended"

    def containers() -> tuple[bool | None, str]:
        if not agents_of(target).containers:
            return None, "not configured"
        names = [each["Name"].lstrip("/") for each in containers_of(agent.agent_id)]
        return True, f"would pause {', '.join(names) or 'none, for none has the label'}"

    def control_plane() -> tuple[bool | None, str]:
        if plane is None:
            return None, "not configured"
        status = agent_control_plane.status_of(agent.agent_id, plane, settings)
        is_known = status in ("active", "suspended")
        return True, f"says '{status if is_known else 'something else'}', would suspend it there"

    ways = {REGISTRY: registry, CONTAINERS: containers, CONTROL_PLANE: control_plane}
    return Suspension(agent=agent, means=[attempt(name, way) for name, way in ways.items()])


def attempt(name: str, do: Callable[[], tuple[bool | None, str]]) -> Means:
    """Try one means; its failure must not keep us from trying the others."""
    try:
        works, text = do()
    except AeefError as error:
        return Means(
            name=name, works=False, text=str(error), may_pass=isinstance(error, TemporaryError)
        )
    except Exception as error:  # noqa: BLE001 - reported in the outcome, and raised with it
        return Means(name=name, works=False, text=f"{type(error).__name__}: {error}")
    return Means(name=name, works=works, text=text)


def conclude(outcome: Suspension, failed: str) -> Suspension:
    """The outcome when nothing failed; else raise the error that describes all of it."""
    if not outcome.failed:
        return outcome
    done = "; ".join(str(each) for each in outcome.means if each.works) or "nothing"
    text = f"{failed}: {'; '.join(str(each) for each in outcome.failed)}. What worked: {done}"
    if any(each.may_pass for each in outcome.failed):
        raise TemporaryError(str(outcome.agent), text)
    raise PermanentError(str(outcome.agent), text)


def _stop(agent: NamedAgent, incident_id: str, settings: Settings) -> Suspension:
    target = target_with_agents(agent.target, settings)
    with suspension_journal.suspension_lock(agent, settings.home):
        stopping = _Stopping(agent, incident_id, target, settings)
        means = [attempt(name, way) for name, way in stopping.ways.items()]
        again = [
            each if each.works is False else attempt(each.name, stopping.ways[each.name])
            for each in means
        ]
    outcome = Suspension(agent=agent, means=again)
    return conclude(outcome, "it is NOT verified that it cannot act")


class _Stopping:
    """One suspension; each change is noted in the journal first."""

    def __init__(
        self, agent: NamedAgent, incident_id: str, target: Target, settings: Settings
    ) -> None:
        self._agent, self._incident_id = agent, incident_id
        self._target, self._settings, self._home = target, settings, settings.home
        self._journal = suspension_journal.begin_suspension(agent, incident_id, self._home)
        self.ways = {
            REGISTRY: self._registry,
            CONTAINERS: self._containers,
            CONTROL_PLANE: self._control_plane,
        }

    def _registry(self) -> tuple[bool | None, str]:
        agent_id = self._agent.agent_id
        before = find_agent(self._target, agent_id).status
        self._journal = suspension_journal.note_status(self._journal, before, self._home)
        set_status(self._target, agent_id, AgentStatus.SUSPENDED)
        now = find_agent(self._target, agent_id).status
        return now is AgentStatus.SUSPENDED, f"status {now}"

    def _containers(self) -> tuple[bool | None, str]:
        if not agents_of(self._target).containers:
            return None, "not configured"
        found = pause_containers(self._agent.agent_id, self._note_container)
        return True if found.paused or found.idle else None, str(found)

    def _note_container(self, container: str) -> None:
        self._journal = suspension_journal.note_container(self._journal, container, self._home)

    def _control_plane(self) -> tuple[bool | None, str]:
        plane = agents_of(self._target).control_plane
        if plane is None:
            return None, "not configured"
        agent_control_plane.order(
            "suspend",
            self._agent.agent_id,
            plane,
            self._settings,
            {"incidentId": self._incident_id},
            self._note_order,
        )
        return True, "answers suspended"

    def _note_order(self) -> None:
        self._journal = suspension_journal.note_order(self._journal, self._home)
