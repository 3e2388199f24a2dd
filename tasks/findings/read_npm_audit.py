"""Reads npm's `npm audit --json`: the format of npm 7 and later, and that of npm 6.

pnpm writes the latter. https://docs.npmjs.com/cli/commands/npm-audit
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field

from schemas.findings import (
    MOST_IDS,
    UNRATED,
    WORDS,
    Finding,
    Package,
    score_of,
    severity_of_score,
)
from schemas.incident import Severity
from tasks.findings.reader import Report, flattened, has_names
from tasks.reports.report_json import Lenient, each, items, one, text, texts

NAME = "npm audit"
TOOL = "npm audit"
LEVELS = {**WORDS, "info": Severity.P4}
_ADVISORY = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE)
_BELOW = re.compile(r"<\s*([^\s<>=|]{1,100})(?:\s*\|\||\s*$)")
"""The upper end of a range of vulnerable versions: the first that is not."""
_FROM = re.compile(r">=?\s*([^\s<>=|]{1,100})")


class _Cvss(Lenient):
    score: Any = None


class _Via(Lenient):
    """An advisory; a `via` that is a text only names another vulnerable package."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    source: str = ""
    id: str = ""
    name: str = ""
    title: str | None = None
    url: str | None = None
    severity: str = ""
    range: str | None = None
    old_range: str | None = Field(default=None, alias="vulnerable_versions")
    cvss: _Cvss | None = None


class _Package(Lenient):
    name: str = ""
    via: Any = None
    fix: Any = Field(default=None, alias="fixAvailable")


class _Installed(Lenient):
    version: str | None = None


class _Advisory(Lenient):
    """As npm 6 wrote it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = ""
    github_id: str | None = Field(default=None, alias="github_advisory_id")
    module: str = Field(default="", alias="module_name")
    title: str | None = None
    url: str | None = None
    severity: str = ""
    patched: str | None = Field(default=None, alias="patched_versions")
    cves: Any = None
    findings: Any = None
    cvss: _Cvss | None = None


def is_mine(data: Any) -> bool:
    """True for a report of either format, and for the error that npm writes instead of one."""
    if has_names(data, "advisories", "metadata") or has_names(data, "auditReportVersion"):
        return True
    return has_names(data, "error") and _error(data) is not None


def read(data: Any) -> Report:
    """The report."""
    report = Report(tools=[TOOL])
    if has_names(data, "error"):
        report.failures.append(f"{TOOL}: {_error(data) or 'an error without a message'}")
    kind = "advisories" if "advisories" in data else "vulnerabilities"
    if not report.failures and not isinstance(data.get(kind), dict):
        raise ValueError(f"`{kind}` is no object: it does not say what was found")
    if "advisories" in data:
        report.findings = _old_findings(data["advisories"])
    else:
        report.findings = _findings(data.get("vulnerabilities"))
    return report


def _error(data: dict[str, Any]) -> str | None:
    """What went wrong; None when this is no error of npm's."""
    error = data["error"]
    if not isinstance(error, dict) or not ({"summary", "code"} & set(error)):
        return None
    said = (error.get("code"), error.get("summary"), data.get("message"))
    return ": ".join(filter(None, (text(each, 150) for each in said)))


def _findings(packages: Any) -> Iterator[Finding]:
    for data in flattened(packages):
        package = one(_Package, data, "vulnerabilities")
        advisories = [via for via in items(package.via, "via") if isinstance(via, dict)]
        for via in each(_Via, advisories, f"via of {text(package.name, 100)}"):
            yield _finding(via, package)


def _finding(via: _Via, package: _Package) -> Finding:
    name = via.name or package.name
    fixed = [found[1] for found in _BELOW.finditer((via.range or via.old_range or "")[:500])]
    if has_names(package.fix, "name", "version") and package.fix["name"] == name:
        fixed.append(package.fix["version"])
    return Finding(
        id=_name(via.url, via.source or via.id),
        tool=TOOL,
        severity=_severity(via.severity, via.cvss),
        title=text(via.title, 500),
        package=_package(name, None, fixed),
    )


def _old_findings(advisories: Any) -> Iterator[Finding]:
    for data in flattened(advisories):
        advisory = one(_Advisory, data, "advisories")
        name = text(advisory.github_id, 200) or _name(advisory.url, advisory.id)
        others = texts(advisory.cves, 200, MOST_IDS)
        fixed = [found[1] for found in _FROM.finditer((advisory.patched or "")[:500])]
        versions = (found.version for found in each(_Installed, advisory.findings, "findings"))
        for version in dict.fromkeys(versions) or (None,):
            yield Finding(
                id=name,
                tool=TOOL,
                severity=_severity(advisory.severity, advisory.cvss),
                title=text(advisory.title, 500),
                aliases=tuple(each for each in others if each != name),
                package=_package(advisory.module, version, fixed),
            )


def _name(url: str | None, number: str) -> str:
    """GitHub's id of the advisory, which stands in its address; else npm's number."""
    found = _ADVISORY.search(text(url, 500))
    return found[0] if found else text(f"npm:{number}" if number else "", 200) or "unnamed"


def _severity(word: str, cvss: _Cvss | None) -> Severity:
    score = score_of(cvss.score) if cvss else None
    if word.strip().lower() in LEVELS:
        return LEVELS[word.strip().lower()]
    return severity_of_score(score) if score else UNRATED


def _package(name: str, installed: str | None, fixed: list[Any]) -> Package:
    return Package(
        name=text(name, 300) or "unnamed",
        ecosystem="npm",
        installed=text(installed, 200) or None,
        fixed=texts(fixed, 200, MOST_IDS),
    )
