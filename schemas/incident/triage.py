"""Triage: the type and severity of an alert, and who says so."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pydantic import Field, field_validator

from schemas.incident.alert import Alert
from schemas.incident.guesses import guess
from schemas.incident.incident_type import INCIDENT_TYPES, IncidentType
from schemas.incident.severity import Severity, severity_from_word
from schemas.incident.type_source import TypeSource
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


class Triage(NamedTuple):
    """The type and severity of an alert.

    source: who says that it is of this type. guessed_from: for a guess, its words and their place.
    """

    type: IncidentType
    severity: Severity
    source: TypeSource
    guessed_from: str = ""


_TYPE_LABELS = ("aeef_type", "incident_type", "aeef.type")
_SEVERITY_LABELS = ("aeef_severity", "severity", "priority")


def classify(
    alert: Alert,
    rules: tuple[Rule, ...] = (),
    default_severities: dict[IncidentType, Severity] | None = None,
) -> Triage:
    """The type and severity of an alert. Total: every alert gets both.

    What the sender says wins, then its labels, then the first rule that matches, then what its
    words suggest, then the default: type `unknown`, and the type's default severity.
    rules: the user's, `[[rules]]`.
    """
    fitting = [rule for rule in rules if rule.matches(alert)]
    incident_type, source, words = _type_of(alert, fitting)
    severity = (
        alert.severity
        or _severity_from_labels(alert.labels)
        or next(
            (r.severity for r in fitting if r.severity and r.type in (None, incident_type)), None
        )
        or (default_severities or {}).get(incident_type)
        or INCIDENT_TYPES[incident_type].default_severity
    )
    return Triage(incident_type, severity, source, words)


def _type_of(alert: Alert, fitting: list[Rule]) -> tuple[IncidentType, TypeSource, str]:
    if said := alert.type or _type_from_labels(alert.labels):
        return said, TypeSource.SENDER, ""
    if ruled := next((rule.type for rule in fitting if rule.type), None):
        return ruled, TypeSource.RULE, ""
    if guessed := guess(alert):
        return guessed.type, TypeSource.GUESS, guessed.words
    return IncidentType.UNKNOWN, TypeSource.NONE, ""


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
