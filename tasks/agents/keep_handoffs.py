"""Keeps as evidence what an agent handed over since a violation (PRD-STD-009)."""

from __future__ import annotations

from datetime import datetime
from heapq import nlargest
from pathlib import Path
from typing import NamedTuple

from schemas.agents import NamedAgent, parse_handoff
from schemas.errors import InvalidInput
from schemas.settings import Target
from schemas.validation import read_json
from tasks.agents.registry import agents_of
from tasks.incident.evidence import Evidence
from tasks.target.open_file import inside, open_file

LARGEST_HANDOFF = 1_000_000
"""Bytes."""
MOST_HANDOFFS = 500
"""The newest; older ones are not looked at."""


class KeptHandoffs(NamedTuple):
    """How many were kept, and what could not be read.

    denying: files in which the agent says that it did nothing forbidden.
    """

    kept: int
    denying: list[str]
    problems: list[str]


def keep_handoffs(
    agent: NamedAgent, target: Target, since: datetime, evidence: Evidence
) -> KeptHandoffs:
    """Keep the agent's handoffs from `since` on, and those without a time. Changes nothing else."""
    folder = agents_of(target).handoffs
    found = KeptHandoffs(0, [], [])
    for path in _newest(target.repository / folder):
        try:
            with open_file(inside(target, f"{folder}/{path.name}")) as file:
                content = file.read(LARGEST_HANDOFF + 1)
            handoff = parse_handoff(read_json(content, LARGEST_HANDOFF))
        except (OSError, ValueError, InvalidInput) as error:
            found.problems.append(f"the handoff {path.name[:80]!r} is not read: {error}")
            continue
        if handoff is None or not handoff.is_of(agent.agent_id):
            continue
        if handoff.at is None or handoff.at >= since:
            number = found.kept + 1
            evidence.keep(f"handoff{number}.json", content, source=f"{path.name} of {agent}")
            found = found._replace(kept=number)
            found.denying.extend([path.name] if handoff.denies else [])
    return found


def _newest(folder: Path) -> list[Path]:
    """The files, the oldest first."""
    found = nlargest(
        MOST_HANDOFFS, ((path.lstat().st_mtime, path) for path in folder.glob("*.json"))
    )
    return [path for _, path in reversed(found)]
