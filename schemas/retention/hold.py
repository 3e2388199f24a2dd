"""A legal hold: while it stands, nothing of what it covers is deleted."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field, JsonValue

from schemas.model import Model, UtcDatetime


class Hold(Model):
    """incident_id: the one that is held; None: those that `wanted` fits, later ones too.

    wanted: a filter of incidents as JSON data: status, severity, type, service, since, q.
    ended_at, ended_by, ended_why: who released it; None while it stands.
    """

    number: int = Field(ge=1)
    incident_id: UUID | None = None
    wanted: dict[str, JsonValue] = Field(default_factory=dict)
    reason: str
    actor: str
    at: UtcDatetime
    ended_at: UtcDatetime | None = None
    ended_by: str | None = None
    ended_why: str | None = None

    @property
    def covers(self) -> str:
        """What it covers, in words."""
        if self.incident_id is not None:
            return f"incident {self.incident_id}"
        said = (
            f"{name} {', '.join(map(str, each)) if isinstance(each, list) else each}"
            for name, each in sorted(self.wanted.items())
        )
        return f"incidents with {'; '.join(said)}"
