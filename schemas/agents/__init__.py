"""An AI agent, its contract and registry, its log. Begin with `agent.py`."""

from schemas.agents.agent import (
    CONTAINER_LABEL,
    Agent,
    AgentRegistry,
    AgentStatus,
    Contract,
    EvidenceFile,
    LogExtract,
    Means,
    NamedAgent,
    Suspension,
    SuspensionJournal,
)
from schemas.agents.agent_log import (
    HIDDEN_TOOL,
    Forbidden,
    LogEntry,
    judge,
    matches,
    parse_entry,
    parse_forbidden,
)
from schemas.agents.handoff import Handoff, parse_handoff
from schemas.agents.settings import AgentSettings, ControlPlane

__all__ = [
    "CONTAINER_LABEL",
    "HIDDEN_TOOL",
    "Agent",
    "AgentRegistry",
    "AgentSettings",
    "AgentStatus",
    "Contract",
    "ControlPlane",
    "EvidenceFile",
    "Forbidden",
    "Handoff",
    "LogEntry",
    "LogExtract",
    "Means",
    "NamedAgent",
    "Suspension",
    "SuspensionJournal",
    "judge",
    "matches",
    "parse_entry",
    "parse_forbidden",
    "parse_handoff",
]
