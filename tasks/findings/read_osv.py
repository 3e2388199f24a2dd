"""Reads osv-scanner's JSON (`osv-scanner scan --format json`).

https://google.github.io/osv-scanner/output/, https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from schemas.findings import (
    MALICIOUS,
    MOST_IDS,
    UNRATED,
    WORDS,
    Finding,
    Package,
    ecosystem_of,
    score_of,
    score_of_vector,
    severity_of_score,
)
from schemas.incident import Severity
from tasks.findings.reader import Report, first, has_names
from tasks.reports.report_json import Lenient, each, file_path, items, one, text, texts

NAME = TOOL = "osv-scanner"
_ALONE = {"results", "experimental_config", "image_metadata", "license_summary"}


class _Source(Lenient):
    path: str = ""
    type: str = ""


class _Results(Lenient):
    source: _Source = _Source()
    packages: Any = None


class _Name(Lenient):
    name: str = ""
    version: str | None = None
    ecosystem: str = ""
    commit: str | None = None


class _Group(Lenient):
    ids: Any = None
    aliases: Any = None
    max_severity: str | None = Field(default=None, alias="max_severity")


class _Packages(Lenient):
    package: _Name
    vulnerabilities: Any = None
    groups: Any = None


class _Rating(Lenient):
    score: str = ""


class _Range(Lenient):
    type: str = ""
    events: Any = None


class _Affected(Lenient):
    package: _Name | None = None
    ranges: Any = None


class _Vulnerability(Lenient):
    id: str
    aliases: Any = None
    summary: str | None = None
    severity: Any = None
    affected: Any = None
    database_specific: dict[str, Any] | None = Field(default=None, alias="database_specific")


def is_mine(data: Any) -> bool:
    """True for `results` with packages; other scanners' `results` have none."""
    if not has_names(data, "results"):
        return False
    results = data["results"]
    if results is None or results == []:
        return set(data) <= _ALONE  # many others have an empty `results`
    return has_names(first(results), "packages")


def read(data: Any) -> Report:
    """The report. Each group of osv-scanner, one vulnerability, is one finding."""
    return Report(findings=_findings(data.get("results")), tools=[TOOL])


def _findings(results: Any) -> Iterator[Finding]:
    """Every vulnerability of every package of every source."""
    for number, result in enumerate(each(_Results, results, "results")):
        for found in each(_Packages, result.packages, f"results.{number}.packages"):
            yield from _of_package(found, result.source)


def _of_package(found: _Packages, source: _Source) -> Iterator[Finding]:
    where = f"vulnerabilities of {text(found.package.name, 100)}"
    known = {each.id: each for each in each(_Vulnerability, found.vulnerabilities, where)}
    groups = list(each(_Group, found.groups, "groups"))
    grouped = {name for group in groups for name in texts(group.ids, 200, MOST_IDS)}
    groups += [_Group(ids=[name]) for name in known if text(name, 200) not in grouped]
    for group in groups:
        names = texts(group.ids, 200, MOST_IDS)
        members = [known[name] for name in names if name in known]
        more = [alias for each in members for alias in texts(each.aliases, 200, MOST_IDS)]
        more += texts(group.aliases, 200, MOST_IDS)
        name = names[0] if names else "unnamed"
        others = dict.fromkeys((*names[1:], *more))
        yield Finding(
            id=name,
            tool=TOOL,
            severity=_severity((name, *others), group, members),
            title=next(filter(None, (text(each.summary, 500) for each in members)), ""),
            aliases=tuple(each for each in others if each != name)[:MOST_IDS],
            package=_package(found.package, members, source),
        )


def _package(named: _Name, members: Sequence[_Vulnerability], source: _Source) -> Package:
    return Package(
        name=text(named.name, 300) or text(named.commit, 300) or "unnamed",
        ecosystem=text(ecosystem_of(named.ecosystem[:50]), 50),
        installed=text(named.version, 200) or None,
        fixed=tuple(dict.fromkeys(version for each in members for version in _fixed(each, named)))[
            :MOST_IDS
        ],
        manifest=file_path(source.path) if source.type == "lockfile" else None,
    )


def _fixed(vulnerability: _Vulnerability, named: _Name) -> Iterator[str]:
    """The fixed versions of this package; git ranges are skipped, as they name commits."""
    for affected in each(_Affected, vulnerability.affected, "affected"):
        package = affected.package
        if package is None or package.name.lower() != named.name.lower():
            continue
        for each_range in each(_Range, affected.ranges, "ranges"):
            if each_range.type.upper() == "GIT":
                continue
            for event in items(each_range.events, "events"):
                version = text(event.get("fixed"), 200) if isinstance(event, dict) else ""
                if version:
                    yield version


def _severity(names: Sequence[str], group: _Group, members: Sequence[_Vulnerability]) -> Severity:
    """The group's own score, else the worst vector, else a database's worst rating."""
    if any(name.startswith(MALICIOUS) for name in names):
        return Severity.P1
    score = score_of(group.max_severity)
    if score is not None:
        return severity_of_score(score)
    scores = [
        score
        for member in members
        for rating in items(member.severity, "severity")
        if (score := score_of_vector(one(_Rating, rating, "severity").score)) is not None
    ]
    if scores:
        return severity_of_score(max(scores))
    words = (text((each.database_specific or {}).get("severity"), 50) for each in members)
    return min((WORDS[word.lower()] for word in words if word.lower() in WORDS), default=UNRATED)
