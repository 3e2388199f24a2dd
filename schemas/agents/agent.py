"""AI agents: registry, contracts (AEEF PRD-STD-009), and the outcome of suspending one."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from schemas.model import Model, UtcDatetime, inside_repository

AgentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""Letters, digits, dot, dash, underscore: safe as a file name, in a URL and as a Docker label."""
ContractFile = Annotated[str, AfterValidator(inside_repository)]
CONTAINER_LABEL = "aeef.agent"
"""A container with `aeef.agent=<id>` belongs to that agent."""


class AgentStatus(StrEnum):
    """An agent's status in the registry; only an active agent may act."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class _Written(Model):
    """Data that the target's own people write; they may add fields."""

    model_config = ConfigDict(extra="ignore")


class Contract(_Written):
    """What an agent may do (PRD-STD-009), in our names or in those of AEEF's own tools.

    forbidden_actions: `Tool` or `Tool(input)`, with `*` for anything, and the phrases of
    `phrases.py` are compared with the audit log; any other sentence is for people.
    escalation_approver: the only person, or role, who may approve resuming a suspended agent.
    agent_id: of whom it is, where the contract is a file of its own.
    """

    agent_id: AgentId | None = None
    contract_version: str | None = None
    role_owner: str | None = None
    trust_level: str | None = None
    allowed_inputs: list[str] = Field(default_factory=list)
    allowed_outputs: list[str] = Field(default_factory=list)
    forbidden_actions: list[str] = Field(default_factory=list)
    required_checks: list[str] = Field(default_factory=list)
    escalation_approver: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _approver_of_aeef(cls, data: Any) -> Any:
        """AEEF's contract has `escalation: {approver_role}`."""
        escalation = data.get("escalation") if isinstance(data, dict) else None
        if isinstance(escalation, dict):
            return {"escalation_approver": escalation.get("approver_role")} | data
        return data


class Agent(_Written):
    """One agent of the registry.

    owner: the person or role that answers for it. contract: what it may do, or the file in the
    repository that says so.
    """

    agent_id: AgentId
    role: str = ""
    owner: str = Field(
        default="", validation_alias=AliasChoices("owner", "role_owner", "roleOwner")
    )
    status: AgentStatus
    contract: Contract | ContractFile = Contract()


class AgentRegistry(_Written):
    """The agents of a target; as its `agents/registry.json` or AEEF's `registry.yaml` has them.

    owners: role → the name of the person who has it.
    """

    owners: dict[str, str] = Field(default_factory=dict)
    agents: list[Agent]

    @field_validator("owners", mode="before")
    @classmethod
    def _named(cls, owners: Any) -> Any:
        """Only roles with a name; a list, as others have it, names no role."""
        if not isinstance(owners, dict):
            return {}
        return {role: name for role, name in owners.items() if isinstance(name, str) and name}

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        counted = Counter(agent.agent_id for agent in self.agents)
        if doubles := sorted(each for each, count in counted.items() if count > 1):
            raise ValueError(f"agents listed twice: {', '.join(doubles[:10])}")
        return self

    def find(self, agent_id: str) -> Agent | None:
        """The agent with this id."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def person(self, role: str) -> str:
        """The person who has a role; the text itself when it names no role of this registry."""
        return self.owners.get(role, role)


class NamedAgent(Model):
    """The agent that a step is about, and the target that it belongs to."""

    agent_id: AgentId
    target: str

    def __str__(self) -> str:
        return f"agent {self.agent_id} of {self.target}"


class Means(Model):
    """One means of stopping an agent, and its outcome.

    works: True when verified, None when this means does not apply.
    """

    name: str
    works: bool | None
    text: str
    may_pass: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Suspension(Model):
    """The outcome of suspending or resuming an agent."""

    agent: NamedAgent
    means: list[Means]

    @property
    def failed(self) -> list[Means]:
        """The means that failed."""
        return [each for each in self.means if each.works is False]

    def __str__(self) -> str:
        return "; ".join(str(each) for each in self.means)


class SuspensionJournal(Model):
    """What we changed to suspend an agent: resuming it undoes exactly that.

    incidents: those for which it was suspended, in order.
    told_control_plane: it was active in the control plane, and we suspended it there.
    """

    agent: NamedAgent
    incidents: list[str] = Field(min_length=1)
    suspended_at: UtcDatetime
    previous_status: AgentStatus | None = None
    paused_containers: list[str] = Field(default_factory=list)
    told_control_plane: bool = False


class EvidenceFile(Model):
    """One line of an incident's manifest of evidence.

    source: where it comes from, in words. previous: the SHA-256 of the manifest before this
    line, so that no line can be changed unnoticed.
    """

    file: str
    sha256: str
    size: int
    source: str
    kept_at: UtcDatetime
    previous: str


class LogExtract(Model):
    """What was found in an agent's audit log: only counts, tool names, entry numbers and hashes.

    entries: those in the window, in all sources. violating: those that the contract forbids;
    `first` names some of them, `tools` counts them by tool.
    undecided: the log does not show enough to decide.
    prose: forbidden actions that only a person can compare.
    handoffs: how many of its own were kept; in `denying` it says that it did nothing forbidden.
    """

    sources: int
    bytes_read: int
    entries: int
    broken: int
    violating: int
    undecided: int
    prose: int
    tools: dict[str, int] = Field(default_factory=dict)
    first: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    handoffs: int = 0
    denying: list[str] = Field(default_factory=list)
    manifest: str
