"""Reads CycloneDX's `vulnerabilities` (VEX), in JSON: of its own, or within a bill of materials.

https://cyclonedx.org/docs/1.6/json/#vulnerabilities
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from schemas.findings import (
    MOST_IDS,
    UNRATED,
    WORDS,
    Finding,
    Package,
    score_of,
    score_of_vector,
    severity_of_score,
)
from schemas.incident import Severity
from tasks.findings.package_urls import package_of
from tasks.findings.reader import Report, has_names
from tasks.reports.report_json import Lenient, each, items, place_text, text, texts

NAME = "CycloneDX VEX"
TOOL = "cyclonedx"
NO_FINDING = {"resolved", "resolved_with_pedigree", "false_positive", "not_affected"}
"""What a person's analysis says; `exploitable` and `in_triage` need one."""
_NUMBER = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LEVELS = {**WORDS, "info": Severity.P4, "none": Severity.P4}


class _Rating(Lenient):
    score: Any = None
    severity: str | None = None
    vector: str | None = None


class _Analysis(Lenient):
    state: str | None = None


class _Affected(Lenient):
    ref: str = ""
    versions: Any = None


class _Version(Lenient):
    version: str | None = None
    status: str = "affected"


class _Reference(Lenient):
    id: str = ""


class _Vulnerability(Lenient):
    id: str = ""
    ratings: Any = None
    description: str | None = None
    references: Any = None
    analysis: _Analysis | None = None
    affects: Any = None


class _Component(Lenient):
    ref: str | None = Field(default=None, alias="bom-ref")
    name: str = ""
    version: str | None = None
    purl: str | None = None
    components: Any = None


def is_mine(data: Any) -> bool:
    """True for every document of CycloneDX's."""
    return has_names(data, "bomFormat") and data["bomFormat"] == "CycloneDX"


def read(data: Any) -> Report:
    """The report. A bill of materials without `vulnerabilities` is of no scan."""
    report = Report(tools=[_tool(data)])
    if data.get("vulnerabilities") is None:
        report.looked_at_nothing = (
            "it is a bill of materials without `vulnerabilities`: send what a scanner made of it"
        )
    report.findings = _findings(data.get("vulnerabilities"), data.get("components"))
    return report


def _tool(data: dict[str, Any]) -> str:
    """The first tool that is named: a list until CycloneDX 1.4, an object since."""
    metadata = data.get("metadata")
    tools = metadata.get("tools") if isinstance(metadata, dict) else None
    if isinstance(tools, dict):
        tools = tools.get("components") or tools.get("services")
    named = [tool for tool in tools if has_names(tool, "name")] if isinstance(tools, list) else []
    return (text(named[0]["name"], 100).lower() if named else "") or TOOL


def _findings(vulnerabilities: Any, components: Any) -> Iterator[Finding]:
    packages = dict(_packages(components))
    for found in each(_Vulnerability, vulnerabilities, "vulnerabilities"):
        state = (found.analysis.state if found.analysis else None) or ""
        if state in NO_FINDING:
            continue
        # Once for each vulnerability: it may affect thousands of components.
        severity, names = _severity(found), _names(found)
        for affected in list(each(_Affected, found.affects, "affects")) or [_Affected()]:
            yield _finding(found, affected, packages, severity, names)


def _packages(components: Any) -> Iterator[tuple[str, Package]]:
    """Every component that can be referred to; they may be within each other."""
    waiting = [components]
    while waiting:
        for each_one in each(_Component, waiting.pop(), "components"):
            package = package_of(each_one.purl) or Package(
                name=text(each_one.name, 300) or "unnamed",
                ecosystem="",
                installed=text(each_one.version, 200) or None,
            )
            for name in (each_one.ref, each_one.purl):
                if name:
                    yield name, package
            if each_one.components:
                waiting.append(each_one.components)


def _names(found: _Vulnerability) -> list[str]:
    references = (one.id for one in each(_Reference, found.references, "references"))
    names = list(dict.fromkeys(texts([found.id, *references], 200, MOST_IDS)))
    if len(names) > 1 and _NUMBER.fullmatch(names[0]):
        names.append(names.pop(0))  # OSS Index names an advisory by a number of its own
    return names


def _finding(
    found: _Vulnerability,
    affected: _Affected,
    packages: Mapping[str, Package],
    severity: Severity,
    names: Sequence[str],
) -> Finding:
    package = _package(affected, packages)
    return Finding(
        id=names[0] if names else "unnamed",
        tool=TOOL,
        severity=severity,
        title=text(found.description, 500),
        aliases=tuple(names[1:]),
        package=package,
        place=None if package else place_text(affected.ref),
    )


def _package(affected: _Affected, packages: Mapping[str, Package]) -> Package | None:
    """The component that is referred to: here, or in another document (`urn:cdx:…#ref`)."""
    ref = affected.ref.rpartition("#")[2] if affected.ref.startswith("urn:cdx:") else affected.ref
    package = packages.get(ref) or package_of(ref)
    if package is None:
        return None
    versions = list(each(_Version, affected.versions, "versions"))
    hit = [one.version for one in versions if one.version and one.status == "affected"]
    fixed = [one.version for one in versions if one.version and one.status == "unaffected"]
    return package.model_copy(
        update={
            "installed": package.installed or text(hit[0] if hit else None, 200) or None,
            "fixed": texts(fixed, 200, MOST_IDS),
        }
    )


def _severity(found: _Vulnerability) -> Severity:
    """The worst rating: its word, its score, or its vector."""
    rated = []
    for rating in each(_Rating, items(found.ratings, "ratings"), "ratings"):
        word = (rating.severity or "").strip().lower()
        score = score_of(rating.score)
        score = score_of_vector(rating.vector or "") if score is None else score
        if word in LEVELS and word != "unknown":
            rated.append(LEVELS[word])
        elif score is not None:
            rated.append(severity_of_score(score))
    return min(rated, default=UNRATED)
