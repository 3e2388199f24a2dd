"""Reads gitleaks' JSON (`gitleaks … --report-format json`): versions 8 and 7.

`Match`, `Secret`, `line` and `offender` are not read, because they quote the secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from schemas.findings import LEAST_OF_LEAKS, Finding
from tasks.findings.reader import Report, first, has_names
from tasks.reports.report_json import (
    Lenient,
    each,
    file_path,
    line_number,
    place_text,
    text,
)

NAME = TOOL = "gitleaks"


class _Leak(Lenient):
    model_config = ConfigDict(alias_generator=to_pascal)

    rule: str = Field(default="", alias="RuleID")
    description: str | None = None
    file: str | None = None
    start_line: int | None = None


class _OldLeak(Lenient):
    """As gitleaks 7 wrote it."""

    rule: str = ""
    file: str | None = None
    number: int | None = Field(default=None, alias="lineNumber")
    """`line` is the line itself, with the secret in it; some versions have no number."""


def is_mine(data: Any) -> bool:
    """True for a list of leaks; an empty one could be of other scanners as well."""
    leak = first(data)
    return has_names(leak, "RuleID", "File") or has_names(leak, "rule", "offender")


def read(data: Any) -> Report:
    """The report."""
    old = has_names(first(data), "offender")
    return Report(findings=_old_findings(data) if old else _findings(data), tools=[TOOL])


def _findings(leaks: Any) -> Iterator[Finding]:
    for leak in each(_Leak, leaks, "leaks"):
        yield _finding(leak.rule, leak.description, leak.file, leak.start_line)


def _old_findings(leaks: Any) -> Iterator[Finding]:
    for leak in each(_OldLeak, leaks, "leaks"):
        yield _finding(leak.rule, None, leak.file, leak.number)


def _finding(rule: str, title: str | None, file: str | None, line: int | None) -> Finding:
    path = file_path(file)
    return Finding(
        id=text(rule, 200) or f"secret found by {TOOL}",
        tool=TOOL,
        severity=LEAST_OF_LEAKS,
        title=text(title, 500),
        path=path,
        line=line_number(line) if path else None,
        place=None if path else place_text(file),
    )
