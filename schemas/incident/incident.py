"""The incident record of the spec: one auditable document."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.incident.incident_type import IncidentType
from schemas.incident.severity import Severity
from schemas.model import Model, UtcDatetime, utc_now

RESTRICTED = "restricted: those who work on it find it in the record"


class Status(StrEnum):
    """The status of an incident; it only moves forward."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_over(self) -> bool:
        """True when there is nothing left to respond to."""
        return self in (Status.RESOLVED, Status.CLOSED)

    def comes_after(self, other: Status) -> bool:
        """True when this status is later than the other."""
        order = list(Status)
        return order.index(self) > order.index(other)


class Action(Model):
    """One action: by whom, when, and whether it was automatic."""

    timestamp: UtcDatetime = Field(default_factory=utc_now)
    action: str
    automated: bool = True
    actor: str = "aeef-runbooks"


class PostMortem(Model):
    """What was learned (spec, "Incident Record Schema")."""

    timeline: str | None = None
    root_cause_analysis: str | None = None
    action_items: list[str] | None = None


class Incident(Model):
    """The spec's incident record; `to_json()` is valid against `incident.schema.json`."""

    incident_id: UUID
    severity: Severity
    type: str
    description: str = ""
    detected_at: UtcDatetime
    resolved_at: UtcDatetime | None = None
    status: Status = Status.OPEN
    affected_services: list[str] = Field(default_factory=list)
    root_cause: str | None = None
    actions_taken: list[Action] = Field(default_factory=list)
    post_mortem: PostMortem | None = None

    @property
    def short_id(self) -> str:
        """The last four characters of the id: enough to distinguish one night's incidents."""
        return self.incident_id.hex[-4:]

    @property
    def service(self) -> str:
        """The first affected service, or `unknown service`."""
        return self.affected_services[0] if self.affected_services else "unknown service"

    @property
    def is_restricted(self) -> bool:
        """True for a data breach: only those who work on it may see its details."""
        return self.type == IncidentType.DATA_BREACH

    @property
    def public_description(self) -> str:
        """The description that everybody in a channel or project may read."""
        return RESTRICTED if self.is_restricted else self.description

    @property
    def title(self) -> str:
        """One line for people, also for logs: `P1 deployment-failure shop 3f2a`."""
        line = f"{self.severity} {self.type} {self.service} {self.short_id}"
        # A service may be called anything; what cannot be printed could act on a terminal.
        return " ".join("".join(c if c.isprintable() else " " for c in line).split())
