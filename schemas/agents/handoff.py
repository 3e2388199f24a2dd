"""What one agent hands over to the next, as AEEF's own tools write it. Pure functions.

Two shapes: `.aeef/handoffs/<run>.json` of the command-line tools (`aeef-handoff-v1`), and that of
the schema `handoff-artifact`. It is the agent's own word: a claim, and never evidence of itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple


class Handoff(NamedTuple):
    """One handoff. denies: it says that no forbidden action was done. None: it does not say."""

    source: str
    target: str
    at: datetime | None
    commit: str | None
    denies: bool

    def is_of(self, agent_id: str) -> bool:
        """True when the agent, or its role, handed it over: `developer` is `developer-agent`."""
        return bool(self.source) and self.source in (agent_id, agent_id.removesuffix("-agent"))


def parse_handoff(data: Any) -> Handoff | None:
    """The handoff in JSON data; None when it is none. Raises nothing, whatever the data."""
    if not isinstance(data, dict):
        return None
    metadata = data.get("metadata")
    if isinstance(metadata, dict):
        source, target = metadata.get("source_role"), metadata.get("target_role")
    else:
        metadata = data
        source, target = data.get("source_agent"), data.get("target_agent")
    if not isinstance(source, str) or not isinstance(target, str):
        return None
    checks = data.get("handoff_checklist")
    denied = checks.get("no_forbidden_actions") if isinstance(checks, dict) else None
    commit = metadata.get("commit_sha")
    return Handoff(
        source,
        target,
        _moment(metadata.get("timestamp")),
        commit if isinstance(commit, str) else None,
        denies=denied is True or denied == "true",
    )


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
