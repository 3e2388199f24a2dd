"""Reads Semgrep's JSON (`semgrep scan --json`).

https://semgrep.dev/docs/semgrep-appsec-platform/json-and-sarif
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from schemas.findings import SARIF_LEVELS, WORDS, Finding, at_least_leak, is_leak
from schemas.incident import Severity
from tasks.findings.quoted_secrets import may_quote_secret
from tasks.findings.reader import Report, first, has_names
from tasks.reports.report_json import (
    Lenient,
    each,
    file_path,
    line_number,
    place_text,
    text,
    texts,
)

NAME = "Semgrep"
TOOL = "semgrep"
LEVELS = {**WORDS, **SARIF_LEVELS, "info": Severity.P4, "experiment": Severity.P4}
"""`ERROR`, `WARNING` and `INFO`; newer rules have the words of everybody else."""


class _Position(Lenient):
    line: int | None = None


class _Extra(Lenient):
    message: str | None = None
    severity: str = ""
    metadata: dict[str, Any] | None = None
    is_ignored: bool = Field(default=False, alias="is_ignored")
    """Marked with `nosemgrep` by a person."""


class _Result(Lenient):
    rule: str = Field(default="", alias="check_id")
    path: str | None = None
    start: _Position = _Position()
    extra: _Extra = _Extra()


class _Error(Lenient):
    level: str = ""
    message: str | None = None
    type: Any = None


def is_mine(data: Any) -> bool:
    """True for `results` with `check_id`s, or for none of them beside `paths`."""
    if not has_names(data, "results", "errors"):
        return False
    if not data["results"]:
        return "paths" in data or set(data) == {"results", "errors"}
    return has_names(first(data["results"]), "check_id")


def read(data: Any) -> Report:
    """The report."""
    report = Report(tools=[TOOL])
    for error in each(_Error, data.get("errors"), "errors"):
        if error.level == "error" and len(report.failures) < 10:  # `warn`: a part of one file
            kind = error.type if isinstance(error.type, str) else "error"
            report.failures.append(f"{TOOL}: {text(error.message, 200) or text(kind, 100)}")
    paths = data.get("paths")
    if has_names(paths, "scanned") and not paths["scanned"]:
        report.looked_at_nothing = f"{TOOL} looked at no file: are the path and the rules right?"
    report.findings = _findings(data.get("results"))
    return report


def _findings(results: Any) -> Iterator[Finding]:
    for result in each(_Result, results, "results"):
        if not result.extra.is_ignored:
            yield _finding(result)


def _finding(result: _Result) -> Finding:
    extra = result.extra
    metadata = extra.metadata or {}
    kinds = (text(metadata.get("category"), 100), *texts(metadata.get("technology"), 100, 20))
    cwe = metadata.get("cwe")
    about = (result.rule, extra.message or "", *kinds, *texts(cwe, 200, 20), text(cwe, 200))
    leak = is_leak("", kinds)
    severity = LEVELS.get(extra.severity.strip().lower(), Severity.P3)
    path = file_path(result.path)
    return Finding(
        id=text(result.rule, 200) or "unnamed",
        tool=TOOL,
        severity=at_least_leak(severity) if leak else severity,
        title="" if leak or may_quote_secret(*about) else text(extra.message, 500),
        path=path,
        line=line_number(result.start.line) if path else None,
        place=None if path else place_text(result.path),
    )
