"""Reads Trivy's JSON (`trivy … --format json`): vulnerabilities, secrets, misconfigurations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from schemas.findings import (
    KNOWN,
    MOST_IDS,
    WITHOUT_MANIFEST,
    Finding,
    Package,
    at_least_leak,
    ecosystem_of,
    score_of,
    severity_of_score,
    severity_of_word,
)
from schemas.incident import Severity
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

NAME = "Trivy"
TOOL = "trivy"
_OF_RESULTS = {"Target", "Class", "Vulnerabilities", "Misconfigurations", "Secrets"}
_OF_CLUSTERS = ("Resources", "Vulnerabilities", "Misconfigurations")


class _Pascal(Lenient):
    model_config = ConfigDict(alias_generator=to_pascal)


class _Vulnerability(_Pascal):
    id: str = Field(default="", alias="VulnerabilityID")
    pkg_name: str = ""
    installed_version: str | None = None
    fixed_version: str | None = None
    severity: str = "UNKNOWN"
    title: str | None = None
    vendor_ids: Any = Field(default=None, alias="VendorIDs")
    cvss: dict[str, dict[str, Any]] | None = Field(default=None, alias="CVSS")


class _Cause(_Pascal):
    start_line: int | None = None


class _Misconfiguration(_Pascal):
    id: str = Field(default="", alias="ID")
    title: str | None = None
    severity: str = "UNKNOWN"
    status: str = "FAIL"
    cause_metadata: _Cause | None = None


class _Secret(_Pascal):
    """A secret; `Match` and `Code` are not read, because they quote it."""

    id: str = Field(default="", alias="RuleID")
    title: str | None = None
    severity: str = "UNKNOWN"
    start_line: int | None = None


class _Resource(_Pascal):
    results: Any = None


class _Result(_Pascal):
    target: str = ""
    type: str = ""
    vulnerabilities: Any = None
    misconfigurations: Any = None
    secrets: Any = None


def is_mine(data: Any) -> bool:
    """True for an object with `Results` of Trivy's; before Trivy 0.20, for a list of them."""
    if isinstance(data, list):
        return has_names(first(data), "Target")
    if not isinstance(data, dict):
        return False
    if "Results" in data:
        result = first(data["Results"])
        if result is None:  # anybody may have an empty list of this name
            return bool({"SchemaVersion", "ArtifactName"} & set(data))
        return not result or not isinstance(result, dict) or bool(_OF_RESULTS & set(result))
    return has_names(data, "SchemaVersion", "ArtifactName") or "ClusterName" in data


def read(data: Any) -> Report:
    """The report."""
    if isinstance(data, dict) and "ClusterName" in data:
        return Report(findings=_of_cluster(data), tools=[TOOL])
    results = data if isinstance(data, list) else data.get("Results")
    return Report(findings=_findings(results), tools=[TOOL])


def _of_cluster(data: dict[str, Any]) -> Iterator[Finding]:
    """As `trivy k8s --report all` writes it: the results of each resource."""
    for kind in _OF_CLUSTERS:
        for resource in each(_Resource, data.get(kind), kind):
            yield from _findings(resource.results)


def _findings(results: Any) -> Iterator[Finding]:
    """Everything that Trivy found in every target."""
    for result in each(_Result, results, "Results"):
        where = f"Results of {text(result.target, 100)}"
        for found in each(_Vulnerability, result.vulnerabilities, where):
            yield _vulnerability(found, result)
        for problem in each(_Misconfiguration, result.misconfigurations, where):
            if problem.status == "FAIL":
                cause = problem.cause_metadata or _Cause()
                yield _in_file(
                    problem, cause.start_line, result, severity_of_word(problem.severity)
                )
        for secret in each(_Secret, result.secrets, where):
            severity = at_least_leak(severity_of_word(secret.severity))
            yield _in_file(secret, secret.start_line, result, severity)


def _vulnerability(found: _Vulnerability, result: _Result) -> Finding:
    kind = result.type.strip().lower()
    asked_for = kind in KNOWN and kind not in WITHOUT_MANIFEST
    fixed = (found.fixed_version or "")[:10_000].split(",")
    return Finding(
        id=text(found.id, 200) or "unnamed",
        tool=TOOL,
        severity=_severity(found),
        title=text(found.title, 500),
        aliases=texts(found.vendor_ids, 200, MOST_IDS),
        package=Package(
            name=text(found.pkg_name, 300) or "unnamed",
            ecosystem=text(ecosystem_of(kind[:50]), 50),
            installed=text(found.installed_version, 200) or None,
            fixed=texts(fixed, 200, MOST_IDS),
            manifest=file_path(result.target) if asked_for else None,
        ),
    )


def _severity(found: _Vulnerability) -> Severity:
    """Trivy's rating; without one, the worst score of any source."""
    scores = [
        score
        for source in (found.cvss or {}).values()
        for name in ("V40Score", "V3Score", "V2Score")
        if (score := score_of(source.get(name))) is not None
    ]
    if found.severity.upper() == "UNKNOWN" and scores:
        return severity_of_score(max(scores))
    return severity_of_word(found.severity)


def _in_file(
    found: _Misconfiguration | _Secret, line: int | None, result: _Result, severity: Severity
) -> Finding:
    path = file_path(result.target)
    return Finding(
        id=text(found.id, 200) or "unnamed",
        tool=TOOL,
        severity=severity,
        title=text(found.title, 500),
        path=path,
        line=line_number(line) if path else None,
        place=None if path else place_text(result.target),
    )
