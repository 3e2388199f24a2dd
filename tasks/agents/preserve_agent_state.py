"""Keeps an agent's state as evidence before it is changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.agents import NamedAgent
from schemas.errors import AeefError, PermanentError
from schemas.settings import Target
from tasks.agents.containers import containers_of
from tasks.agents.contract import contract_bytes
from tasks.agents.control_plane import status_of
from tasks.agents.registry import agents_of, find_agent, registry_bytes, target_with_agents
from tasks.case import Case
from tasks.incident.evidence import Evidence
from tasks.step import step, verbatim


@step("preserve the agent's state", says=verbatim, timeout=300)
def preserve_agent_state(case: Case, agent: NamedAgent, moment: str) -> str:
    """Keep registry, contract file, `docker inspect` of the containers, the control plane's answer.

    moment: `before-suspension` or `before-resumption`: part of the files' names.
    Raises PermanentError that lists what could not be kept, after keeping the rest.
    """
    settings = case.settings
    target = target_with_agents(agent.target, settings)
    agents = agents_of(target)
    plane = agents.control_plane
    evidence = Evidence(case.incident_id, settings.home)
    parts: dict[str, Callable[[], bytes]] = {"registry": lambda: registry_bytes(target)}
    endings = {"registry": Path(agents.registry).suffix}
    if contract := _contract_file(target, agent):
        parts["contract"] = lambda: contract_bytes(target, contract)
        endings["contract"] = Path(contract).suffix
    if agents.containers:
        parts["containers"] = lambda: _json(containers_of(agent.agent_id))
    if plane is not None:
        parts["control-plane"] = lambda: _json(
            {"status": status_of(agent.agent_id, plane, settings, tries=1)}  # the agent still acts
        )
    problems = []
    for name, read in parts.items():
        try:
            evidence.keep(
                f"{name}-{moment}{endings.get(name, '.json')}", read(), source=f"{name} of {agent}"
            )
        except (AeefError, OSError) as error:
            problems.append(f"{name}: {error}")
    sealed = f"{len(parts) - len(problems)} files of evidence {moment.replace('-', ' ')}"
    sealed = f"kept {sealed}; manifest sha256 {evidence.manifest_sha256}"
    if problems:
        raise PermanentError("evidence", f"could not keep {'; '.join(problems)}; {sealed}")
    return sealed


def _contract_file(target: Target, agent: NamedAgent) -> str | None:
    """The contract's file, if it has one; None for a registry that cannot be read, too."""
    try:
        contract = find_agent(target, agent.agent_id).contract
    except AeefError:
        return None
    return contract if isinstance(contract, str) else None


def _json(data: Any) -> bytes:
    return json.dumps(data, indent=2, sort_keys=True).encode()
