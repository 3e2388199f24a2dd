"""Triage: the type and severity of an alert, by rules that are data."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pydantic import Field, field_validator

from schemas.incident.alert import Alert
from schemas.incident.incident_type import INCIDENT_TYPES, IncidentType
from schemas.incident.severity import Severity, severity_from_word
from schemas.model import Model


class Rule(Model):
    """The type and, if given, severity of alerts that match every given condition.

    labels: label name → regular expression that must match the whole value.
    alertname: regular expression for the whole of the label `alertname`.
    keywords: any of these as whole words in the description, ignoring case.
    A rule without conditions matches everything.
    """

    type: IncidentType | None = None
    severity: Severity | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    alertname: str | None = None
    keywords: tuple[str, ...] = ()

    @field_validator("labels")
    @classmethod
    def _label_patterns(cls, labels: dict[str, str]) -> dict[str, str]:
        for pattern in labels.values():
            _pattern(pattern)
        return labels

    @field_validator("alertname")
    @classmethod
    def _name_pattern(cls, alertname: str | None) -> str | None:
        if alertname is not None:
            _pattern(alertname)
        return alertname

    def matches(self, alert: Alert) -> bool:
        """True when the alert meets every condition of the rule."""
        wanted = {**self.labels, **({"alertname": self.alertname} if self.alertname else {})}
        return all(
            _pattern(pattern).fullmatch(alert.labels.get(label, ""))
            for label, pattern in wanted.items()
        ) and (not self.keywords or _words(self.keywords).search(alert.description) is not None)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"'{pattern}' is not a regular expression: {error}") from error


@lru_cache(maxsize=1024)
def _words(keywords: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word) for word in keywords)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(
        type=IncidentType.DATA_BREACH,
        keywords=("data breach", "pii", "personal data", "data leak", "exfiltration"),
    ),
    Rule(type=IncidentType.DATA_BREACH, alertname=".*(breach|exfiltrat|pii).*"),
    Rule(
        type=IncidentType.AGENT_VIOLATION,
        keywords=("agent violation", "trust boundary", "forbidden action", "permission scope"),
    ),
    Rule(type=IncidentType.AGENT_VIOLATION, alertname=".*agent.*(violation|boundary|scope).*"),
    Rule(
        type=IncidentType.SECURITY,
        keywords=("vulnerability", "cve", "sast", "sca", "secret leaked", "exploit", "malware"),
    ),
    Rule(type=IncidentType.SECURITY, alertname=".*(security|vulnerab|cve).*"),
    Rule(
        type=IncidentType.DEPLOYMENT_FAILURE,
        keywords=(
            "deployment failed",
            "deploy failed",
            "failed deployment",
            "failed health checks",
            "failed health check",
            "rollout failed",
        ),
    ),
    Rule(
        type=IncidentType.DEPLOYMENT_FAILURE,
        alertname=".*(deploy|rollout|release).*(fail|unhealthy|stuck).*",
    ),
    Rule(
        type=IncidentType.DRIFT,
        keywords=("drift", "drifted", "deviates from baseline", "deviated from baseline"),
    ),
    Rule(type=IncidentType.DRIFT, alertname=".*drift.*"),
    Rule(
        type=IncidentType.QUALITY_DEGRADATION,
        keywords=("mutation score", "coverage", "quality degradation", "quality gate"),
    ),
    Rule(type=IncidentType.QUALITY_DEGRADATION, alertname=".*(coverage|mutation|quality).*"),
)


class Triage(NamedTuple):
    """The type and severity of an alert."""

    type: IncidentType
    severity: Severity


_TYPE_LABELS = ("aeef_type", "incident_type", "aeef.type")
_SEVERITY_LABELS = ("aeef_severity", "severity", "priority")


def classify(
    alert: Alert,
    rules: tuple[Rule, ...] = DEFAULT_RULES,
    default_severities: dict[IncidentType, Severity] | None = None,
) -> Triage:
    """The type and severity of an alert. Total: every alert gets both.

    What the sender says wins, then its labels, then the first rule that matches, then the
    default: type `unknown`, and the type's default severity.
    """
    fitting = [rule for rule in rules if rule.matches(alert)]
    incident_type = (
        alert.type
        or _type_from_labels(alert.labels)
        or next((rule.type for rule in fitting if rule.type), IncidentType.UNKNOWN)
    )
    severity = (
        alert.severity
        or _severity_from_labels(alert.labels)
        or next(
            (r.severity for r in fitting if r.severity and r.type in (None, incident_type)), None
        )
        or (default_severities or {}).get(incident_type)
        or INCIDENT_TYPES[incident_type].default_severity
    )
    return Triage(incident_type, severity)


def _type_from_labels(labels: dict[str, str]) -> IncidentType | None:
    for name in _TYPE_LABELS:
        value = labels.get(name, "").strip().lower().replace("_", "-")
        if value in set(IncidentType):
            return IncidentType(value)
    return None


def _severity_from_labels(labels: dict[str, str]) -> Severity | None:
    for name in _SEVERITY_LABELS:
        severity = severity_from_word(labels.get(name, ""))
        if severity:
            return severity
    return None
