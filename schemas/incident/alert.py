"""An alert: what a sender reported, before it becomes an incident. Our public alert JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field, JsonValue, StringConstraints, field_validator, model_validator

from schemas.incident.incident_type import IncidentType
from schemas.incident.plausible import SaidTime
from schemas.incident.severity import Severity, severity_from_word
from schemas.model import Model, utc_now

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


DRILL = "drill"
"""The label of an exercise, with the value `true`."""


class Alert(Model):
    """One alert. Only `description` or `type` is needed; triage infers the rest.

    dedup_key: alerts with the same key belong to one incident while it is open.
    names_one_occurrence: the key stands for one occurrence (Alertmanager's startsAt, a webhook
    delivery), so a repetition attaches to its incident even after that was resolved.
    detected_at: as the sender says; the record has what can be believed (`plausible_time`).
    delivery: the sender's id of this message; a repeated delivery changes nothing.
    """

    type: IncidentType | None = None
    severity: Severity | None = None
    service: Name | None = None
    description: str = Field(default="", max_length=20_000)
    detected_at: SaidTime = Field(default_factory=utc_now)
    source: Name = "api"
    dedup_key: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    details: dict[str, JsonValue] = Field(default_factory=dict)
    names_one_occurrence: bool = Field(default=False, exclude=True)
    delivery: str | None = Field(default=None, max_length=200, exclude=True)

    @property
    def is_drill(self) -> bool:
        """True for an exercise: it has the label `drill: "true"`."""
        return self.labels.get(DRILL, "").strip().lower() == "true"

    @field_validator("severity", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        if isinstance(value, str):
            return severity_from_word(value) or value
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Alert:
        if not self.description.strip() and self.type is None:
            raise ValueError("an alert needs 'description' or 'type'")
        return self


AGENT_NAMES = ("agent", "agent_id", "agentId")
"""Labels or details of an alert that name the agent it is about."""


def agents_named(alert: Alert) -> list[str]:
    """The agent names in the alert, without duplicates; not validated."""
    return sorted(
        {str(part[name]) for part in (alert.labels, alert.details) for name in AGENT_NAMES
         if part.get(name) not in (None, "")}
    )  # fmt: skip


def dedup_key_for(alert: Alert, incident_type: IncidentType) -> str:
    """The alert's own key, or one derived from what identifies the problem.

    A known type on a named service is the same problem however it is described; without
    either, only an identical description is the same problem. A drill is never the same as what
    is real: one must not hide the other.
    """
    if alert.is_drill:
        return f"{DRILL}:{_key_of(alert, incident_type)}"
    return _key_of(alert, incident_type)


def _key_of(alert: Alert, incident_type: IncidentType) -> str:
    if alert.dedup_key:
        return alert.dedup_key
    identity: list[str | None] = [incident_type, alert.service, alert.labels.get("alertname")]
    if incident_type is IncidentType.AGENT_VIOLATION and (agents := agents_named(alert)):
        identity += agents  # another agent is another incident: it must be stopped too
    if incident_type is IncidentType.UNKNOWN or alert.service is None:
        identity.append(alert.description)
    return "aeef:" + hashlib.sha256(json.dumps(identity).encode()).hexdigest()
