"""Reads SARIF 2.1.0, which most scanners can write.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; numbers are its sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.findings import (
    SARIF_LEVELS,
    Finding,
    at_least_leak,
    is_leak,
    leak_name,
    score_of,
    severity_of_score,
)
from schemas.incident import Severity
from tasks.findings.quoted_secrets import may_quote_secret
from tasks.findings.reader import Report, has_names
from tasks.findings.sarif.invocations import failures_of, nothing_looked_at
from tasks.findings.sarif.models import (
    Artifact,
    Component,
    Message,
    Result,
    Rule,
    RuleReference,
    Run,
    Suppression,
)
from tasks.findings.sarif.places import Places
from tasks.reports.report_json import each, items, one, text, texts

NAME = "SARIF 2.1.0"
VERSION = "2.1.0"
MOST_NAMES = 1_000
"""The rules that an unnamed leak's message is compared with; scanners for secrets have hundreds."""
NO_FINDING = {"pass", "notApplicable", "informational"}
"""3.27.9: kinds of results that report no problem; `open` and `review` need a person."""


def is_mine(data: Any) -> bool:
    """True for an object with `runs`."""
    return has_names(data, "runs")


def read(data: Any) -> Report:
    """The report."""
    if data.get("version") != VERSION:
        raise ValueError(f"it is SARIF, but of version {text(data.get('version'), 20)!r}"
                         f" instead of {VERSION}")  # fmt: skip
    report = Report()
    report.findings = _findings(items(data.get("runs"), "runs"), report)
    return report


def _findings(runs: list[Any], report: Report) -> Iterator[Finding]:
    """Every finding among the results of every run."""
    nothing = []
    for number, data in enumerate(runs):
        where = f"runs.{number}"
        run = one(Run, data, where)
        reader = _RunReader(run, where)
        report.tools.append(reader.name)
        report.failures += failures_of(run, reader.name)
        if why := nothing_looked_at(run, reader.name):
            nothing.append(why)
        for result in each(Result, run.results, f"{where}.results"):
            if not _is_none(result):
                yield reader.finding(result)
    if len(nothing) == len(runs):
        report.looked_at_nothing = "; ".join(nothing[:3]) or "it has no run of a scanner"
    else:
        report.failures += nothing


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
        self._rule_names = list(filter(None, self._by_id))[:MOST_NAMES]
        artifacts = list(each(Artifact, run.artifacts, f"{where}.artifacts"))
        self._places = Places(artifacts, run.original_uri_base_ids or {})

    def finding(self, result: Result) -> Finding:
        rule_id = result.rule_id or (result.rule and result.rule.id) or ""
        rule = self._rule(result, rule_id)
        where = self._places.where(result)
        leak = is_leak(self.name, _kinds(rule))
        name = text(rule_id or rule.id, 200)
        if leak and not name:
            name = self._leak_name(result, where.quoted)
        severity = _severity(result, rule)
        return Finding(
            id=name or "unnamed",
            tool=self.name,
            severity=at_least_leak(severity) if leak else severity,
            title=self._title(result, rule, rule_id, leak=leak),
            path=where.path,
            line=where.line,
            place=where.place,
        )

    def _leak_name(self, result: Result, quoted: str) -> str:
        """The rule that the message begins with, as gitleaks 7 writes it, or what it says."""
        message = text(result.message.text, 500)
        named = [name for name in self._rule_names if message.startswith(f"{name} ")]
        if named:
            return text(max(named, key=len), 200)
        hidden = [value for value in (result.properties or {}).values() if isinstance(value, str)]
        return leak_name(message, self.name, [*filter(None, [quoted]), *hidden[:10]])

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

    def _title(self, result: Result, rule: Rule, rule_id: str, *, leak: bool) -> str:
        """The result's message; for a possible secret, only the rule's text."""
        message = self._message(result.message, rule)
        short = rule.short_description.text if rule.short_description else None
        tags = texts((rule.properties or {}).get("tags"), 100, 50)
        about = (self.name, rule_id, rule.name or "", short or "", message, *tags)
        if leak or may_quote_secret(*about):
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


def _kinds(rule: Rule) -> tuple[str, ...]:
    """The words that a rule is sorted by."""
    properties = rule.properties or {}
    return (*texts(properties.get("tags"), 100, 50), text(properties.get("category"), 100))


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
