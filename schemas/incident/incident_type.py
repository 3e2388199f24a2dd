"""The incident types and their automatic responses: the spec's classification table as data."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from schemas.incident.severity import Severity


class IncidentType(StrEnum):
    """What kind of incident it is; `unknown` goes to on-call."""

    DRIFT = "drift"
    SECURITY = "security"
    AGENT_VIOLATION = "agent-violation"
    DATA_BREACH = "data-breach"
    QUALITY_DEGRADATION = "quality-degradation"
    DEPLOYMENT_FAILURE = "deployment-failure"
    UNKNOWN = "unknown"


class TypeFacts(NamedTuple):
    """One row of the spec's "Incident Type Classification" table.

    `default_severity` is ours, for alerts without a severity; the config file can change it.
    """

    description: str
    auto_response: str
    default_severity: Severity


INCIDENT_TYPES: dict[IncidentType, TypeFacts] = {
    IncidentType.DRIFT: TypeFacts(
        "Configuration has deviated from baseline",
        "Impact assessment, baseline comparison report",
        Severity.P3,
    ),
    IncidentType.SECURITY: TypeFacts(
        "SAST/SCA finding in production, vulnerability detected",
        "Service isolation, emergency patch workflow",
        Severity.P2,
    ),
    IncidentType.AGENT_VIOLATION: TypeFacts(
        "Agent exceeded trust boundary or permission scope",
        "Agent suspension, audit log extraction",
        Severity.P2,
    ),
    IncidentType.DATA_BREACH: TypeFacts(
        "PII exposure or unauthorized data access",
        "Breach protocol activation, regulatory notification prep",
        Severity.P1,
    ),
    IncidentType.QUALITY_DEGRADATION: TypeFacts(
        "Coverage/mutation score below threshold",
        "Alert + investigation assignment",
        Severity.P3,
    ),
    IncidentType.DEPLOYMENT_FAILURE: TypeFacts(
        "Production deployment failed health checks",
        "Automatic rollback to last known good",
        Severity.P1,
    ),
    IncidentType.UNKNOWN: TypeFacts(
        "Not one of the known types",
        "Routed to on-call",
        Severity.P2,
    ),
}
