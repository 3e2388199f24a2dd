"""Reads SARIF 2.1.0, which most scanners can write.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; numbers are its sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.findings import SARIF_LEVELS, Finding, score_of, severity_of_score
from schemas.incident import Severity
from tasks.findings.sarif_models import (
    Artifact,
    Component,
    Location,
    Message,
    Place,
    Result,
    Rule,
    RuleReference,
    Run,
    Suppression,
)
from tasks.reports.report_json import each, items, line_number, one, text, texts, uri_path

VERSION = "2.1.0"
NO_FINDING = {"pass", "notApplicable", "informational"}
"""3.27.9: kinds of results that report no problem; `open` and `review` need a person."""
DEEPEST_BASE = 10

_SECRET = re.compile(
    r"secret|passw|credential|token|api.?key|private.?key|access.?key|hard.?coded|gitleaks|"
    r"trufflehog|cwe-(?:256|259|312|321|522|540|615|798)\b",
    re.IGNORECASE,
)
"""A result that mentions these may quote the secret in its message, as Bandit's B105 does."""


class Sarif:
    """A report; `tools` is complete after every finding was read."""

    def __init__(self, data: dict[str, Any]) -> None:
        if data.get("version") != VERSION:
            raise ValueError(f"it is SARIF, but of version {text(data.get('version'), 20)!r}"
                             f" instead of {VERSION}")  # fmt: skip
        self._runs = items(data.get("runs"), "runs")
        self.tools: list[str] = []

    def findings(self) -> Iterator[Finding]:
        """Every finding among the results of every run."""
        for number, data in enumerate(self._runs):
            where = f"runs.{number}"
            run = _RunReader(one(Run, data, where), where)
            self.tools.append(run.name)
            for result in each(Result, run.results, f"{where}.results"):
                if not _is_none(result):
                    yield run.finding(result)


def _is_none(result: Result) -> bool:
    """True for a result without a problem, one that is gone, or one that a person suppressed."""
    if result.kind in NO_FINDING or result.baseline_state == "absent":
        return True
    statuses = [
        suppression.status or "accepted"
        for suppression in each(Suppression, result.suppressions, "suppressions")
    ]
    # 3.27.23: every suppression must be accepted.
    return bool(statuses) and all(status == "accepted" for status in statuses)


class _RunReader:
    """One run: its rules, its files, and the folders that their names are relative to."""

    def __init__(self, run: Run, where: str) -> None:
        self.name = text(run.tool.driver.name, 100).lower() or "sarif"
        self.results = run.results
        extensions = each(Component, run.tool.extensions, f"{where}.tool.extensions")
        self._components = [run.tool.driver, *extensions]
        self._rules = [
            list(each(Rule, component.rules, f"{where}.tool.rules"))
            for component in self._components
        ]
        self._by_id = {rule.id: rule for rules in reversed(self._rules) for rule in rules}
        self._artifacts = list(each(Artifact, run.artifacts, f"{where}.artifacts"))
        self._bases = run.original_uri_base_ids or {}

    def finding(self, result: Result) -> Finding:
        rule_id = result.rule_id or (result.rule and result.rule.id) or ""
        rule = self._rule(result, rule_id)
        path, line = self._place(result)
        return Finding(
            id=text(rule_id or rule.id, 200) or "unnamed",
            tool=self.name,
            severity=_severity(result, rule),
            title=self._title(result, rule, rule_id),
            path=path,
            line=line if path else None,
        )

    def _rule(self, result: Result, rule_id: str) -> Rule:
        """3.52: the rule, by index in the driver or in an extension, else by id."""
        reference = result.rule or RuleReference()
        component = reference.tool_component.index + 1 if reference.tool_component else 0
        index = reference.index if reference.index >= 0 else result.rule_index
        if 0 <= component < len(self._rules) and 0 <= index < len(self._rules[component]):
            rule = self._rules[component][index]
            if not rule_id or rule_id == rule.id or rule_id.startswith(f"{rule.id}/"):
                return rule
        wanted = rule_id  # 3.27.5: `CA1000/1` is a part of `CA1000`
        while wanted:
            if wanted in self._by_id:
                return self._by_id[wanted]
            wanted = wanted.rpartition("/")[0]
        return Rule(id=rule_id)

    def _title(self, result: Result, rule: Rule, rule_id: str) -> str:
        """The result's message; for a possible secret, only the rule's text."""
        message = self._message(result.message, rule)
        short = rule.short_description.text if rule.short_description else None
        tags = texts((rule.properties or {}).get("tags"), 100, 50)
        known = " ".join((self.name, rule_id, rule.name or "", short or "", message, *tags))
        if _SECRET.search(known):
            message = ""
        return message or text(short, 500) or text(rule.name, 500)

    def _message(self, message: Message, rule: Rule) -> str:
        """3.11: a text, or the id of a text of the rule or driver, with arguments."""
        words = message.text
        if words is None and message.id is not None:
            strings = {
                **(self._components[0].global_message_strings or {}),
                **(rule.message_strings or {}),
            }
            words = strings[message.id].text if message.id in strings else None
        given = texts_in_order(message.arguments)
        filled = re.sub(
            r"\{\{|\}\}|\{(\d{1,3})\}",
            lambda found: _filled(found, given),
            (words or "")[:5_000],
        )
        # 3.11.6: `[the word](1)` is a link to a related location.
        return text(re.sub(r"\[([^\]\[]{1,200})\]\(\d{1,6}\)", r"\1", filled[:5_000]), 500)

    def _place(self, result: Result) -> tuple[str | None, int | None]:
        for location in each(Location, result.locations, "locations"):
            physical = location.physical_location
            if physical and physical.artifact_location:
                line = physical.region.start_line if physical.region else None
                return self._path(physical.artifact_location), line_number(line)
        return None, None

    def _path(self, place: Place) -> str | None:
        if place.uri is None and 0 <= place.index < len(self._artifacts):
            place = self._artifacts[place.index].location or place
        if not place.uri:
            return None
        path = uri_path(place.uri)
        if path is None:
            return None
        if path.startswith("/"):
            return self._within(path)
        prefix = self._prefix(place.uri_base_id)
        return None if prefix is None else uri_path(f"{prefix}{place.uri}")

    def _prefix(self, base_id: str | None) -> str | None:
        """3.14.14: bases may be nested; an absolute one is the folder where the scan ran."""
        prefix = ""
        for _ in range(DEEPEST_BASE):
            base = self._bases.get(base_id or "")
            if base is None or not base.uri or ":" in base.uri or base.uri.startswith("/"):
                return prefix
            prefix = base.uri.rstrip("/") + "/" + prefix
            base_id = base.uri_base_id
        return None

    def _within(self, path: str) -> str:
        """An absolute path made relative to the scanned folder, if that is known."""
        for base in self._bases.values():
            root = uri_path(base.uri) if base.uri else None
            if root and root.startswith("/") and path.startswith(f"{root}/"):
                return path.removeprefix(f"{root}/")
        return path


def texts_in_order(arguments: Any) -> list[str]:
    """The arguments of a message."""
    return [text(each, 500) for each in arguments] if isinstance(arguments, list) else []


def _filled(found: re.Match[str], arguments: list[str]) -> str:
    if found[1] is None:
        return found[0][0]
    number = int(found[1])
    return arguments[number] if number < len(arguments) else found[0]


def _severity(result: Result, rule: Rule) -> Severity:
    for properties in (result.properties, rule.properties):
        score = score_of((properties or {}).get("security-severity"))
        if score is not None:
            return severity_of_score(score)
    default = rule.default_configuration.level if rule.default_configuration else None
    level = result.level or (default or "warning" if result.kind == "fail" else "none")
    return SARIF_LEVELS.get(level, Severity.P3)
