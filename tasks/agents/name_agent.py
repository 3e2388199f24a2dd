"""Finds the agent that an alert is about, and the target that it belongs to."""

from __future__ import annotations

import re

from schemas.agents import NamedAgent
from schemas.errors import AeefError, InvalidInput
from schemas.incident import Alert, agents_named
from schemas.masking import MASK
from schemas.settings import Settings, Target
from tasks.agents.registry import read_registry
from tasks.case import Case
from tasks.step import step

_AGENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@step("name the agent", says=lambda agent: f"it is {agent}", timeout=120)
def name_agent(case: Case) -> NamedAgent:
    """The agent that the incident's alert names, and its target. Changes nothing.

    Raises InvalidInput when the alert names none, or when the target cannot be determined.
    """
    agent_id = agent_id_in(case.alert)
    return find_target(agent_id, case.settings, case.incident.service)


def agent_id_in(alert: Alert) -> str:
    """The agent id in an alert's labels or details."""
    given = agents_named(alert)
    if not given:
        raise InvalidInput("the alert names no agent: give it a label or a detail 'agent'")
    if len(given) > 1:
        raise InvalidInput("the alert names several agents: send one alert for each")
    return checked_id(given[0])


def checked_id(agent_id: str) -> str:
    """The id if it is valid; an invalid one is not repeated, as it may be an attack."""
    if MASK.search(agent_id):
        raise InvalidInput(
            "this is no agent id any more: it looked like a person's, and was masked; give the"
            " masked part in [masking] allow, or the agent another id"
        )
    if not _AGENT_ID.fullmatch(agent_id):
        raise InvalidInput(
            "this is no agent id: letters, digits, '.', '_' and '-' only, 100 at most, beginning"
            " with a letter or digit"
        )
    return agent_id


def find_target(agent_id: str, settings: Settings, service: str | None = None) -> NamedAgent:
    """The agent and its target.

    The service's target if its registry lists the agent, else the one target whose registry
    does. An unlisted agent belongs to the service's target: stopping it matters even more.
    """
    agent_id = checked_id(agent_id)
    own = settings.target_of(service) if service else None
    problems: list[str] = []
    listing = [
        target
        for target in settings.targets.values()
        if target.agents and _lists(target, agent_id, problems)
    ]
    if own in listing or (not listing and own and own.agents):
        chosen = own
    elif len(listing) == 1:
        chosen = listing[0]
    else:
        names = ", ".join(target.name for target in listing)
        why = f"several registries list it: {names}" if names else "no target's registry lists it"
        raise InvalidInput("; ".join([f"agent '{agent_id}': {why}", *problems]))
    assert chosen is not None  # mypy does not see it
    return NamedAgent(agent_id=agent_id, target=chosen.name)


def _lists(target: Target, agent_id: str, problems: list[str]) -> bool:
    try:
        return read_registry(target).find(agent_id) is not None
    except AeefError as error:
        problems.append(str(error))
        return False
