"""Reads pip-audit's JSON (`pip-audit -f json`): version 2.x, and the bare list of 1.x."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from schemas.findings import MOST_IDS, UNRATED, Finding, Package
from tasks.findings.reader import Report, has_names
from tasks.reports.report_json import Lenient, each, text, texts

NAME = TOOL = "pip-audit"


class _Vulnerability(Lenient):
    id: str
    aliases: Any = None
    description: str | None = None
    fix_versions: Any = Field(default=None, alias="fix_versions")


class _Dependency(Lenient):
    name: str
    version: str | None = None
    vulns: Any = None
    skip_reason: str | None = Field(default=None, alias="skip_reason")


def is_mine(data: Any) -> bool:
    """True for a list of dependencies; a bill of materials has `dependencies` too."""
    if isinstance(data, list):
        return not data or _is_dependency(data[0])
    if not has_names(data, "dependencies") or "bomFormat" in data:
        return False
    found = data["dependencies"]
    return isinstance(found, list) and all(_is_dependency(each) for each in found[:1])


def _is_dependency(part: Any) -> bool:
    return has_names(part, "name") and ("vulns" in part or "skip_reason" in part)


def read(data: Any) -> Report:
    """The report; `not_checked` counts the dependencies that it skipped.

    An empty list may as well be gitleaks', or another scanner's that found nothing.
    """
    report = Report(tools=[TOOL] if data != [] else [])
    report.findings = _findings(
        data if isinstance(data, list) else data.get("dependencies"), report
    )
    return report


def _findings(dependencies: Any, report: Report) -> Iterator[Finding]:
    """Every vulnerability of every dependency."""
    for dependency in each(_Dependency, dependencies, "dependencies"):
        report.not_checked += dependency.skip_reason is not None
        where = f"vulns of {text(dependency.name, 100)}"
        for found in each(_Vulnerability, dependency.vulns, where):
            yield Finding(
                id=text(found.id, 200) or "unnamed",
                tool=TOOL,
                severity=UNRATED,
                title=text((found.description or "").strip().partition("\n")[0], 200),
                aliases=texts(found.aliases, 200, MOST_IDS),
                package=Package(
                    name=text(dependency.name, 300) or "unnamed",
                    ecosystem="pypi",
                    installed=text(dependency.version, 200) or None,
                    fixed=texts(found.fix_versions, 200, MOST_IDS),
                ),
            )
