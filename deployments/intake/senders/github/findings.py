"""The alerts in GitHub's webhooks, converted to findings; unknown fields are ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.findings import (
    MOST_IDS,
    SARIF_LEVELS,
    UNRATED,
    WORDS,
    Finding,
    Package,
    at_least_leak,
    ecosystem_of,
    is_leak,
    severity_of_word,
)
from schemas.incident import Severity
from schemas.model import UtcDatetime
from tasks.reports.report_json import file_path, line_number, place_text, text, texts


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class DeploymentStatus(_Part):
    """A new state of a deployment."""

    class Deployment(_Part):
        """What was deployed, and to which environment."""

        id: int
        sha: str
        ref: str | None = None
        environment: str | None = None
        transient_environment: bool | None = None

    state: str
    environment: str | None = None
    description: str | None = None
    target_url: str | None = None
    log_url: str | None = None
    created_at: UtcDatetime | None = None


class _Alert(_Part):
    number: int = Field(ge=1)
    state: str | None = None
    html_url: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class _Place(_Part):
    path: str | None = None
    start_line: int | None = None


class _Instance(_Part):
    location: _Place | None = None


class _Rule(_Part):
    id: str
    severity: str | None = None
    security_severity_level: str | None = None
    description: str | None = None
    tags: list[Any] | None = None


class _Tool(_Part):
    name: str | None = None


class CodeScanning(_Alert):
    """An alert of CodeQL or another scanner."""

    rule: _Rule
    tool: _Tool | None = None
    most_recent_instance: _Instance | None = None
    instances: list[_Instance] | None = None


class _Name(_Part):
    name: str
    ecosystem: str


class _Dependency(_Part):
    package: _Name
    manifest_path: str | None = None


class _Identifier(_Part):
    value: str


class _Advisory(_Part):
    ghsa_id: str
    cve_id: str | None = None
    summary: str | None = None
    severity: str | None = None
    identifiers: list[_Identifier] | None = None


class _Version(_Part):
    identifier: str


class _Vulnerability(_Part):
    severity: str | None = None
    first_patched_version: _Version | None = None


class Dependabot(_Alert):
    """A dependency with a known vulnerability."""

    dependency: _Dependency
    security_advisory: _Advisory
    security_vulnerability: _Vulnerability | None = None


class SecretScanning(_Alert):
    """A secret in the repository. What it is (`secret`) is never read."""

    secret_type: str
    secret_type_display_name: str | None = None
    validity: str | None = None
    publicly_leaked: bool | None = None
    first_location_detected: _Place | None = None


def code_finding(alert: CodeScanning) -> Finding:
    """The finding; its severity is GitHub's security severity, else the rule's level.

    A leaked secret is P2 at least, whoever found it.
    """
    rule = alert.rule
    instance = alert.most_recent_instance or next(iter(alert.instances or ()), _Instance())
    place = instance.location or _Place()
    path = file_path(place.path)
    level = rule.security_severity_level
    tool = text(alert.tool.name if alert.tool else None, 100).lower() or "code scanning"
    severity = (
        severity_of_word(level)
        if level
        else SARIF_LEVELS.get((rule.severity or "").lower(), Severity.P3)
    )
    return Finding(
        id=text(rule.id, 200) or "unnamed",
        tool=tool,
        severity=at_least_leak(severity) if is_leak(tool, texts(rule.tags, 100, 50)) else severity,
        title=text(rule.description, 500),
        path=path,
        line=line_number(place.start_line) if path else None,
        place=None if path else place_text(place.path),
    )


def dependency_finding(alert: Dependabot) -> Finding:
    """The finding; its severity is that of the advisory for this package."""
    advisory, mended = alert.security_advisory, alert.security_vulnerability
    name = text(advisory.cve_id, 200) or text(advisory.ghsa_id, 200) or "unnamed"
    others: list[Any] = [advisory.ghsa_id, *(each.value for each in advisory.identifiers or ())]
    version = mended.first_patched_version if mended else None
    word = (mended and mended.severity) or advisory.severity or ""
    return Finding(
        id=name,
        tool="dependabot",
        severity=WORDS.get(word.strip().lower(), UNRATED),
        title=text(advisory.summary, 500),
        aliases=tuple(each for each in texts(others, 200, MOST_IDS) if each != name),
        package=Package(
            name=text(alert.dependency.package.name, 300) or "unnamed",
            ecosystem=text(ecosystem_of(alert.dependency.package.ecosystem[:50]), 50),
            fixed=texts([version.identifier] if version else [], 200, MOST_IDS),
            manifest=file_path(alert.dependency.manifest_path),
        ),
    )


def secret_finding(alert: SecretScanning, *, publicly_leaked: bool) -> Finding:
    """The finding: P1 if the secret is public or known to work, for it may be in use; else P2."""
    urgent = publicly_leaked or alert.publicly_leaked or alert.validity == "active"
    place = alert.first_location_detected or _Place()
    path = file_path(place.path)
    return Finding(
        id=text(alert.secret_type, 200) or "unnamed",
        tool="secret scanning",
        severity=Severity.P1 if urgent else Severity.P2,
        title=text(alert.secret_type_display_name, 500),
        path=path,
        line=line_number(place.start_line) if path else None,
    )
