"""Findings for tests of the emergency patch, and incidents that they belong to."""

from __future__ import annotations

from typing import Any

from schemas.findings import Finding, Package
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Settings
from tasks.store import open_store


def vulnerable(
    name: str = "requests",
    *fixed: str,
    installed: str | None = "2.30.0",
    ecosystem: str = "pypi",
    manifest: str | None = None,
    advisory: str = "CVE-2024-35195",
) -> Finding:
    """A finding in a dependency."""
    package = Package(
        name=name, ecosystem=ecosystem, installed=installed, fixed=fixed, manifest=manifest
    )
    return Finding(id=advisory, tool="pip-audit", severity=Severity.P1, package=package)


def in_code(rule: str = "B602", path: str = "app.py", line: int = 3) -> Finding:
    """A finding in the target's own code."""
    return Finding(id=rule, tool="bandit", severity=Severity.P2, path=path, line=line)


def details(*findings: Finding, patch: str | None = None) -> dict[str, Any]:
    """What an alert says of them."""
    found: dict[str, Any] = {"findings": [each.to_json() for each in findings]}
    return found | ({"patch": patch} if patch is not None else {})


def open_incident(
    settings: Settings, service: str, *findings: Finding, patch: str | None = None
) -> str:
    """An incident that these findings opened; its id."""
    alert = Alert(
        type=IncidentType.SECURITY,
        severity=Severity.P2,
        service=service,
        description="a vulnerable dependency",
        details=details(*findings, patch=patch),
    )
    opened = open_store(settings).open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    return str(opened.incident.incident_id)
