"""Reads Grype's JSON (`grype … -o json`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from schemas.findings import (
    KNOWN,
    MOST_IDS,
    UNRATED,
    WORDS,
    Finding,
    Package,
    ecosystem_of,
    score_of,
    severity_of_score,
)
from schemas.incident import Severity
from tasks.findings.package_urls import package_of
from tasks.findings.reader import Report, first, has_names
from tasks.reports.report_json import Lenient, each, file_path, text, texts

NAME = "Grype"
TOOL = "grype"
FOLDERS = {"directory", "file"}
"""What was scanned: in an image, the path of a package is no manifest of the repository."""


class _Fix(Lenient):
    versions: Any = None


class _Metrics(Lenient):
    score: Any = Field(default=None, alias="baseScore")


class _Cvss(Lenient):
    metrics: _Metrics = _Metrics()


class _Vulnerability(Lenient):
    id: str = ""
    severity: str = ""
    description: str | None = None
    cvss: Any = None
    fix: _Fix = _Fix()


class _Location(Lenient):
    path: str | None = None


class _Artifact(Lenient):
    name: str = ""
    version: str | None = None
    type: str = ""
    purl: str | None = None
    locations: Any = None


class _Match(Lenient):
    vulnerability: _Vulnerability
    related: Any = Field(default=None, alias="relatedVulnerabilities")
    artifact: _Artifact


def is_mine(data: Any) -> bool:
    """True for an object with `matches` by Grype, or of vulnerabilities and artifacts."""
    if not has_names(data, "matches"):
        return False
    descriptor = data.get("descriptor")
    if has_names(descriptor, "name"):
        return bool(descriptor["name"] == TOOL)
    return has_names(first(data["matches"]), "vulnerability", "artifact")


def read(data: Any) -> Report:
    """The report; matches that a person ignored are in a list of their own."""
    source = data.get("source")
    of_repository = isinstance(source, dict) and source.get("type") in FOLDERS
    matches = data.get("matches")
    if matches is None:
        raise ValueError("`matches` is null: it does not say what was found")
    return Report(findings=_findings(matches, of_repository=of_repository), tools=[TOOL])


def _findings(matches: Any, *, of_repository: bool) -> Iterator[Finding]:
    for match in each(_Match, matches, "matches"):
        found = match.vulnerability
        related = list(each(_Vulnerability, match.related, "relatedVulnerabilities"))
        described = (text(one.description, 500) for one in (found, *related))
        yield Finding(
            id=text(found.id, 200) or "unnamed",
            tool=TOOL,
            severity=_severity((found, *related)),
            title=next(filter(None, described), ""),
            aliases=texts([one.id for one in related if one.id != found.id], 200, MOST_IDS),
            package=_package(match.artifact, found.fix, of_repository=of_repository),
        )


def _severity(found: tuple[_Vulnerability, ...]) -> Severity:
    """Grype's word; without one, the worst score of any source."""
    word = found[0].severity.strip().lower()
    if word in WORDS and word != "unknown":
        return WORDS[word]
    scores = [
        score
        for one in found
        for rating in each(_Cvss, one.cvss, "cvss")
        if (score := score_of(rating.metrics.score))
    ]
    return severity_of_score(max(scores)) if scores else UNRATED


def _package(artifact: _Artifact, fix: _Fix, *, of_repository: bool) -> Package:
    package = package_of(artifact.purl) or Package(
        name=text(artifact.name, 300) or "unnamed",
        ecosystem=text(ecosystem_of(artifact.type[:50]), 50),
    )
    places = [place.path for place in each(_Location, artifact.locations, "locations")]
    asked_for = of_repository and package.ecosystem in KNOWN
    manifest = file_path(places[0]) if asked_for and places else None
    return package.model_copy(
        update={
            "installed": text(artifact.version, 200) or package.installed,
            "fixed": texts(fix.versions, 200, MOST_IDS),
            "manifest": manifest,
        }
    )
