"""The agents' audit log: one JSON object a line; which entries a contract forbids. Pure functions.

AEEF's command-line tools write `timestamp`, `session_id`, `tool_name`, `tool_input_summary` and
`success`. Their hook writes the tool's input as JSON, cut at 200 bytes, and `success` as a word.
Lines are untrusted text: nothing here raises for a bad one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.agents.phrases import patterns_of

SUMMARY_LIMIT = 200
"""Characters after which the tools cut `tool_input_summary` off."""
_SUCCESS = {True: True, False: False, "true": True, "false": False}
HIDDEN_TOOL = "(a tool with a strange name)"
_PLAIN_TOOL = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_FIELD = re.compile(
    r'"(?:command|file_path|notebook_path|path|url)":"((?:[^"\\]|\\.)*)("?)', re.DOTALL
)
"""A field of a tool's input, in JSON without blanks, as `jq -c` writes it."""
_PHRASE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
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
    """A forbidden action that can be compared.

    tool, input: with `*` for anything; input None: whatever the input. unless: an input that is
    allowed even so. is_certain: False where what the log shows may be it, and may not.
    """

    text: str
    tool: str
    input: str | None
    unless: str | None = None
    is_certain: bool = True

    def judge(self, entry: LogEntry) -> bool | None:
        """True when it forbids the entry; None when the entry does not show enough to decide."""
        if not matches(self.tool, entry.tool):
            return False
        verdict = self._judge_input(entry)
        return None if verdict and not self.is_certain else verdict

    def _judge_input(self, entry: LogEntry) -> bool | None:
        if self.input is None:
            return True
        inputs = _inputs(entry.summary)
        if self.unless and any(matches(self.unless, each.text) for each in inputs):
            return False
        if any(matches(self.input, each.text) for each in inputs):
            return True
        beginning = self.input.partition("*")[0]
        is_open = any(each.is_cut and each.text.startswith(beginning) for each in inputs)
        return None if is_open else False


class _Input(NamedTuple):
    """What a tool was given, normalised; is_cut: its end is not in the log."""

    text: str
    is_cut: bool


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
        success=_SUCCESS.get(success) if isinstance(success, bool | str) else None,
        agent_id=agent_id if isinstance(agent_id, str) else None,
    )


def parse_forbidden(actions: Iterable[str]) -> tuple[list[Forbidden], int]:
    """The forbidden actions that can be compared, and how many are prose.

    `Bash(git push:*)` means the same as `Bash(git push*)`; a phrase of AEEF's is several patterns.
    `introduce-secrets`, a phrase that nobody knows, is compared as a tool's name, and is prose too.
    """
    found, prose = [], 0
    for text in map(str.strip, actions):
        if patterns := patterns_of(text):
            found += [
                Forbidden(text, each.tool, each.text, each.unless, each.is_certain)
                for each in patterns
            ]
            continue
        match = _ACTION.fullmatch(text)
        prose += match is None or bool(_PHRASE.fullmatch(text))
        if match is None:
            continue
        wanted = match["input"]
        if wanted is not None and wanted.endswith(":*"):
            wanted = wanted.removesuffix(":*") + "*"
        found.append(Forbidden(text, match["tool"], None if wanted is None else _plain(wanted)))
    return found, prose


def judge(entry: LogEntry, forbidden: Iterable[Forbidden]) -> Judgement:
    """Compare an entry with every forbidden action."""
    verdicts = [(action.text, action.judge(entry)) for action in forbidden]
    violates = list(dict.fromkeys(text for text, verdict in verdicts if verdict))
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


@lru_cache(maxsize=16)
def _inputs(summary: str) -> tuple[_Input, ...]:
    """The summary, and of one in JSON the command, path or address in it, even if it is cut off."""
    fields = tuple(
        _Input(_plain(_unescaped(match[1])), is_cut=not match[2])
        for match in _FIELD.finditer(summary if summary.startswith("{") else "")
    )
    is_cut = len(summary) >= SUMMARY_LIMIT and not fields
    return (_Input(_plain(summary), is_cut), *fields)


def _unescaped(text: str) -> str:
    """A JSON text without its quotes; as it is when its end is missing within an escape."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _plain(text: str) -> str:
    """Normalised: upper/lower case and white space do not make a different command."""
    return re.sub(r"\s+", " ", text).casefold()


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
