"""The agents' audit log: one JSON object a line; which entries a contract forbids. Pure functions.

AEEF's command-line tools write `timestamp`, `session_id`, `tool_name`, `tool_input_summary` (cut
at 200 characters) and `success`. Lines are untrusted text: nothing here raises for a bad one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

SUMMARY_LIMIT = 200
"""Characters after which the tools cut `tool_input_summary` off."""
HIDDEN_TOOL = "(a tool with a strange name)"
_PLAIN_TOOL = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_ACTION = re.compile(r"(?P<tool>[A-Za-z0-9_.:/*-]+)(?:\((?P<input>.*)\))?", re.DOTALL)


class LogEntry(NamedTuple):
    """One entry. agent_id: None when the tool did not write it."""

    timestamp: datetime
    session: str
    tool: str
    summary: str
    success: bool | None
    agent_id: str | None

    @property
    def tool_shown(self) -> str:
        """The tool's name, safe for a record: it cannot contain markup or a message."""
        return self.tool if _PLAIN_TOOL.fullmatch(self.tool) else HIDDEN_TOOL

    def is_of(self, agent_id: str, sessions: Collection[str]) -> bool:
        """True unless the entry is known to belong to another agent."""
        if self.agent_id is not None:
            return self.agent_id == agent_id
        return not sessions or self.session in sessions


class Forbidden(NamedTuple):
    """A forbidden action that can be compared; input None: whatever the input."""

    text: str
    tool: str
    input: str | None

    def judge(self, entry: LogEntry) -> bool | None:
        """True when it forbids the entry; None when the summary is cut off too early to decide."""
        if not matches(self.tool, entry.tool):
            return False
        if self.input is None or matches(_plain(self.input), _plain(entry.summary)):
            return True
        beginning = _plain(self.input.partition("*")[0])
        is_cut = len(entry.summary) >= SUMMARY_LIMIT
        return None if is_cut and _plain(entry.summary).startswith(beginning) else False


class Judgement(NamedTuple):
    """The contract's verdict on an entry: the actions it violates; whether one is undecided."""

    violates: list[str]
    undecided: bool


def parse_entry(line: bytes) -> LogEntry | None:
    """The entry of a line; None when the line is malformed in any way."""
    try:
        data = json.loads(line)
        timestamp = _moment(data["timestamp"])
        tool = data["tool_name"]
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return None
    if not isinstance(tool, str):
        return None
    success = data.get("success")
    agent_id = data.get("agent_id")
    return LogEntry(
        timestamp=timestamp,
        session=_text(data.get("session_id")),
        tool=tool,
        summary=_text(data.get("tool_input_summary")),
        success=success if isinstance(success, bool) else None,
        agent_id=agent_id if isinstance(agent_id, str) else None,
    )


def parse_forbidden(actions: Iterable[str]) -> tuple[list[Forbidden], int]:
    """The forbidden actions that can be compared, and how many are prose.

    `Bash(git push:*)` means the same as `Bash(git push*)`.
    """
    found, prose = [], 0
    for text in actions:
        match = _ACTION.fullmatch(text.strip())
        if match is None:
            prose += 1
            continue
        wanted = match["input"]
        if wanted is not None and wanted.endswith(":*"):
            wanted = wanted.removesuffix(":*") + "*"
        found.append(Forbidden(text.strip(), match["tool"], wanted))
    return found, prose


def judge(entry: LogEntry, forbidden: Iterable[Forbidden]) -> Judgement:
    """Compare an entry with every forbidden action."""
    verdicts = [(action.text, action.judge(entry)) for action in forbidden]
    violates = [text for text, verdict in verdicts if verdict]
    undecided = not violates and any(verdict is None for _, verdict in verdicts)
    return Judgement(violates, undecided)


def matches(pattern: str, text: str) -> bool:
    """True when the whole text matches; `*` matches anything. Linear time for every pattern."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(first):
        return False
    position = len(first)
    *middle, last = rest
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - position >= len(last) and text.endswith(last)


def _plain(text: str) -> str:
    """Normalised: upper/lower case and white space do not make a different command."""
    return re.sub(r"\s+", " ", text).casefold()


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
