"""Reads a target's agent registry, and changes one agent's status without touching the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import nsmallest
from typing import Any

from pydantic import ValidationError

from schemas.agents import Agent, AgentRegistry, AgentSettings, AgentStatus, Contract
from schemas.errors import ConfigurationError, InvalidInput
from schemas.settings import Settings, Target
from schemas.validation import read_json, validate
from tasks.agents.contract import is_yaml, read_contract
from tasks.agents.plain_yaml import PlainYaml, read_plain_yaml, replaced
from tasks.base.replace_file import replace_file
from tasks.target.carry_records import finish_carrying
from tasks.target.lock import records_lock
from tasks.target.open_file import inside, open_file
from tasks.target.repository import TargetRepository

AEEF_REGISTRY = "ai/agents/registry.yaml"
"""Where AEEF's starter guide for several agents puts it."""
LARGEST_REGISTRY = 10_000_000
"""Bytes."""
MOST_PLACES = 50
"""How many places in the file are tried; if none is the status, the file is rewritten."""
_STATUS = re.compile(rb'"status"\s*:\s*("(?:[^"\\]|\\.)*")')


def agents_of(target: Target) -> AgentSettings:
    """The target's `[targets.NAME.agents]`. Raises ConfigurationError when it has none."""
    if target.agents is None:
        raise ConfigurationError(
            f"target '{target.name}' has no agents: add [targets.{target.name}.agents] to aeef.toml"
        )
    return target.agents


def target_with_agents(name: str, settings: Settings) -> Target:
    """The named target. Raises ConfigurationError when it is unknown or has no agents."""
    target = settings.targets.get(name)
    if target is None:
        raise ConfigurationError(f"no target '{name[:100]}' is configured in aeef.toml")
    agents_of(target)
    return target


def contract_of(target: Target, agent_id: str) -> Contract:
    """The agent's contract, wherever it is written; its approver is a person where one is known.

    Raises InvalidInput when the agent is not listed, or its contract cannot be read.
    """
    registry = read_registry(target)
    agent = _found(target, registry, agent_id)
    contract = agent.contract
    if isinstance(contract, str):
        contract = read_contract(target, contract, agent_id)
    approver = contract.escalation_approver
    if approver is None:
        return contract
    return contract.model_copy(update={"escalation_approver": registry.person(approver)})


def read_registry(target: Target) -> AgentRegistry:
    """The registry. Raises InvalidInput that names the file and the field."""
    return _parse(target, registry_bytes(target))[0]


def registry_bytes(target: Target) -> bytes:
    """The registry file's bytes. Raises InvalidInput when there is none."""
    with _registry(target) as content:
        return content


def find_agent(target: Target, agent_id: str) -> Agent:
    """The agent's entry. Raises InvalidInput when the registry does not list it."""
    return _found(target, read_registry(target), agent_id)


def set_status(target: Target, agent_id: str, status: AgentStatus) -> None:
    """Set the agent's status; every other byte of the file stays. Safe to repeat.

    Raises InvalidInput when the registry cannot be used, or does not list the agent.
    """
    with _registry(target) as content:
        registry, data = _parse(target, content)
        agent = _found(target, registry, agent_id)
        if agent.status != status:
            position = registry.agents.index(agent)
            if isinstance(data, PlainYaml):
                place = data.places["agents", position, "status"]
                try:
                    changed = replaced(content, place, str(status))
                except ValueError as error:
                    raise InvalidInput(
                        f"the status of '{agent_id}' is not changed in {target.repository}: {error}"
                    ) from None
            else:
                changed = _with_status(content, data, position, status)
            replace_file(inside(target, agents_of(target).registry), changed)


@contextmanager
def _registry(target: Target) -> Iterator[bytes]:
    """The content, under the lock that keeps AEEF from writing it or moving it for a checkout."""
    path = inside(target, agents_of(target).registry)
    with TargetRepository(target) as repository, records_lock(target):
        finish_carrying(repository, lambda _: None)
        try:
            with open_file(path) as file:
                content = file.read(LARGEST_REGISTRY + 1)
        except FileNotFoundError:
            hint = (
                f"; {AEEF_REGISTRY} is there: name it in the settings"
                if (target.repository / AEEF_REGISTRY).is_file()
                else ""
            )
            raise InvalidInput(f"there is no agent registry {path}{hint}") from None
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None
        if len(content) > LARGEST_REGISTRY:
            raise InvalidInput(f"{path} is larger than {LARGEST_REGISTRY} bytes: not an agent list")
        yield content


def _parse(target: Target, content: bytes) -> tuple[AgentRegistry, Any]:
    """The registry, and its data: JSON data, or PlainYaml of a YAML file."""
    path = target.repository / agents_of(target).registry
    try:
        if is_yaml(path.name):
            read = read_plain_yaml(content)
            data = read.data
        else:
            read = data = read_json(content, LARGEST_REGISTRY)
        validate("agent-registry", data)
        return AgentRegistry.model_validate(data), read
    except ValidationError as error:
        why = "; ".join(detail["msg"] for detail in error.errors(include_input=False))
    except (ValueError, RecursionError, InvalidInput) as error:
        why = str(error)[:500]
    raise InvalidInput(f"the agent registry {path} cannot be used: {why}")


def _found(target: Target, registry: AgentRegistry, agent_id: str) -> Agent:
    agent = registry.find(agent_id)
    if agent is None:
        raise InvalidInput(f"agent '{agent_id}' is not in the registry of {target.name}")
    return agent


def _with_status(content: bytes, data: Any, position: int, status: AgentStatus) -> bytes:
    """The content with one `status` changed: the one whose change gives the wanted data."""
    data["agents"][position]["status"] = str(status)
    places = enumerate(_STATUS.finditer(content))
    # Usually the agent's own status is the one with its number, or shortly after it.
    nearest = nsmallest(MOST_PLACES, places, key=lambda place: abs(place[0] - position))
    for _, place in nearest:
        changed = b"".join(
            (content[: place.start(1)], json.dumps(str(status)).encode(), content[place.end(1) :])
        )
        if json.loads(changed) == data:
            return changed
    return json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n"
