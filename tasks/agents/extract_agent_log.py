"""Extracts an agent's audit log around a violation, and finds what its contract forbids."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from contextlib import ExitStack
from typing import Any

from schemas.agents import (
    Forbidden,
    LogEntry,
    LogExtract,
    NamedAgent,
    judge,
    parse_entry,
    parse_forbidden,
)
from schemas.errors import AeefError, InvalidInput, PermanentError
from schemas.incident import Alert
from schemas.settings import Target
from schemas.wording import some
from tasks.agents.keep_handoffs import KeptHandoffs, keep_handoffs
from tasks.agents.log_window import Window
from tasks.agents.read_agent_log import Line, LogSource, open_logs
from tasks.agents.registry import agents_of, contract_of, target_with_agents
from tasks.case import Case
from tasks.incident.evidence import Evidence, EvidenceWriter
from tasks.step import step

SESSIONS = ("session", "session_id", "sessionId")
"""Labels or details of an alert that name the agent's session."""
LISTED = 10_000
"""How many violating, undecided and malformed lines of each kind are listed; all are counted."""
NAMED = 10
"""How many violating entries the record names."""
LARGEST_EXTRACT = 1 << 30
"""Bytes kept of one log file."""


def _said(found: LogExtract) -> str:
    tools = ", ".join(f"{tool}: {count}" for tool, count in found.tools.items())
    which = f" ({tools}; {', '.join(found.first)})" if found.violating else ""
    more = [f"{found.undecided} cannot be decided"] if found.undecided else []
    more += [f"{found.broken} lines are broken"] if found.broken else []
    more += [f"{found.prose} forbidden actions need a reader"] if found.prose else []
    more += [f"{found.handoffs} handoffs kept"] if found.handoffs else []
    if found.violating and found.denying:
        more.append(f"{some(found.denying)} says that nothing forbidden was done")
    return (
        f"extracted {found.entries} audit log entries of {found.sources} files:"
        f" {'; '.join([f'{found.violating} violate the contract{which}', *more])}."
        f" Evidence manifest sha256 {found.manifest}"
    )


@step("extract the audit log", says=_said, timeout=3600)
def extract_agent_log(case: Case, agent: NamedAgent) -> LogExtract:
    """Keep the log around the violation as evidence, and list entries that violate the contract.

    Changes nothing in the target. Raises PermanentError when a log is missing or could not be
    read in full; what could be read is kept even so.
    """
    target = target_with_agents(agent.target, case.settings)
    alert = case.alert
    extraction = Extraction(agent, target, alert, Evidence(case.incident_id, case.settings.home))
    found = extraction.run()
    if found.problems:
        raise PermanentError("audit log", f"{'; '.join(found.problems)}. {_said(found)}")
    return found


class Extraction:
    """One pass over every log of a target."""

    def __init__(self, agent: NamedAgent, target: Target, alert: Alert, evidence: Evidence) -> None:
        self._agent, self._target, self._evidence = agent, target, evidence
        self._agents = agents_of(target)
        agents = self._agents
        self._window = Window(alert.detected_at, agents.window_before, agents.window_after)
        given = (part.get(name) for part in (alert.labels, alert.details) for name in SESSIONS)
        self._sessions = sorted({each for each in given if isinstance(each, str) and each})
        self._problems: list[str] = []
        self._sources: list[dict[str, Any]] = []
        self._violations: list[dict[str, Any]] = []
        self._undecided: list[dict[str, Any]] = []
        self._broken: list[dict[str, Any]] = []
        self._count: Counter[str] = Counter()
        self._tools: Counter[str] = Counter()
        self._forbidden: list[Forbidden] = []

    def run(self) -> LogExtract:
        """Read, compare, keep; the result does not contain any tool's input."""
        self._forbidden, prose = self._contract()
        for name in self._agents.audit_logs:
            try:
                with open_logs(self._target, name) as (sources, problems):
                    self._problems += problems
                    for source in sources:
                        self._read(source)
            except InvalidInput as error:
                self._problems.append(str(error))
        if not self._sources and not self._problems:
            names = ", ".join(self._agents.audit_logs)
            self._problems.append(f"there is no audit log ({names}) in {self._target.repository}")
        handoffs = keep_handoffs(self._agent, self._target, self._window.start, self._evidence)
        self._problems += handoffs.problems
        self._keep_findings(prose, handoffs)
        return LogExtract(
            sources=len(self._sources),
            bytes_read=self._count["bytes"],
            entries=self._count["entries"],
            broken=self._count["broken"],
            violating=self._count["violating"],
            undecided=self._count["undecided"],
            prose=prose,
            tools=dict(self._tools.most_common(NAMED)),
            first=[f"{each['log']}:{each['line']}" for each in self._violations[:NAMED]],
            problems=self._problems,
            handoffs=handoffs.kept,
            denying=handoffs.denying,
            manifest=self._evidence.manifest_sha256,
        )

    def _contract(self) -> tuple[list[Forbidden], int]:
        try:
            contract = contract_of(self._target, self._agent.agent_id)
        except AeefError as error:
            self._problems.append(f"there is no contract to compare with: {error}")
            return [], 0
        return parse_forbidden(contract.forbidden_actions)

    def _read(self, source: LogSource) -> None:
        """Copy one file's entries in the window, and malformed lines among them, into evidence."""
        before = self._count.copy()
        number = len(self._sources) + 1
        with ExitStack() as stack:
            kept = _Kept(
                self._evidence, f"log{number}-{source.name}.jsonl", stack, str(self._agent)
            )
            inside = True  # until an entry shows otherwise
            pending: deque[Line] = deque(maxlen=NAMED)
            for line in source.lines():
                if self._window.surely_outside(line.content):
                    inside = False
                    pending.clear()
                    continue
                entry = parse_entry(line.content) if line.whole else None
                if entry is None:
                    if line.content.strip():
                        self._keep_broken(source, line, kept) if inside else pending.append(line)
                    continue
                inside = self._window.holds(entry.timestamp)
                if inside:
                    for each in pending:
                        self._keep_broken(source, each, kept)
                    self._take(source, line, entry, kept)
                pending.clear()
        self._problems += [each for each in (source.problem, kept.problem) if each]
        self._count["bytes"] += source.bytes_read
        change = self._count - before
        self._sources.append(
            {
                "log": source.name,
                "sha256": source.sha256,
                "bytes": source.bytes_read,
                "entries": change["entries"],
                "broken": change["broken"],
            }
        )

    def _take(self, source: LogSource, line: Line, entry: LogEntry, kept: _Kept) -> None:
        kept.write(line.content)
        self._count["entries"] += 1
        if not entry.is_of(self._agent.agent_id, self._sessions):
            return
        verdict = judge(entry, self._forbidden)
        if not verdict.violates and not verdict.undecided:
            return
        described = _described(source, line) | {
            "timestamp": entry.timestamp.isoformat(),
            "tool": entry.tool_shown,
            "succeeded": entry.success,
            "forbidden": verdict.violates,
        }
        if verdict.undecided:
            self._count["undecided"] += 1
            _add(self._undecided, described)
            return
        self._count["violating"] += 1
        self._tools[entry.tool_shown] += 1
        _add(self._violations, described)

    def _keep_broken(self, source: LogSource, line: Line, kept: _Kept) -> None:
        kept.write(line.content)
        self._count["broken"] += 1
        _add(self._broken, _described(source, line))

    def _keep_findings(self, prose: int, handoffs: KeptHandoffs) -> None:
        findings = {
            "agent": self._agent.to_json(),
            "window": {"from": self._window.start.isoformat(), "to": self._window.end.isoformat()},
            "sessions": self._sessions,
            "sources": self._sources,
            "compared": list(dict.fromkeys(action.text for action in self._forbidden)),
            "forbiddenActionsForAReader": prose,
            "violations": self._violations,
            "undecided": self._undecided,
            "broken": self._broken,
            "counts": dict(self._count),
            "handoffs": {"kept": handoffs.kept, "denying": handoffs.denying},
            "problems": self._problems,
        }
        content = json.dumps(findings, indent=2).encode()
        self._evidence.keep("audit-log-findings.json", content, source=f"comparison: {self._agent}")


class _Kept:
    """The evidence file for one log, created when there is something to keep."""

    def __init__(self, evidence: Evidence, name: str, stack: ExitStack, of: str) -> None:
        self._evidence, self._name, self._stack, self._of = evidence, name, stack, of
        self._writer: EvidenceWriter | None = None
        self.problem: str | None = None

    def write(self, content: bytes) -> None:
        if self._writer is None:
            writing = self._evidence.writing(self._name, source=f"audit log, {self._of}")
            self._writer = self._stack.enter_context(writing)
        if self._writer.size > LARGEST_EXTRACT:
            self.problem = (
                f"{self._name} holds the first {LARGEST_EXTRACT} bytes of the window only"
            )
            return
        self._writer.write(content if content.endswith(b"\n") else content + b"\n")


def _described(source: LogSource, line: Line) -> dict[str, Any]:
    sha256 = hashlib.sha256(line.content).hexdigest()
    return {"log": source.name, "line": line.number, "sha256": sha256}


def _add(found: list[dict[str, Any]], each: dict[str, Any]) -> None:
    if len(found) < LISTED:
        found.append(each)
