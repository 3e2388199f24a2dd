"""The table `[targets.NAME.agents]`: the AI agents that work on a target, and how to stop them."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from schemas.model import inside_repository


class ControlPlane(BaseModel):
    """The service that runs agents, as a small HTTP protocol.

    `GET {url}/agents/<id>` answers `{"status": "active"}` or `"suspended"`;
    `POST {url}/agents/<id>/suspend` and `/resume` change it. The token is sent as a bearer token.
    settle: seconds within which a change must take effect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(pattern=r"^https?://")
    token: SecretStr | None = None
    settle: float = Field(default=5.0, gt=0)


class AgentSettings(BaseModel):
    """One `[targets.NAME.agents]` table.

    registry: the registry file, JSON or YAML; audit_logs: the agents' logs, with their rotated
    neighbours (`.1`, `.2.gz`, …); handoffs: the folder of what agents hand over; all inside the
    repository.
    window_before, window_after: the time around the violation whose entries are extracted.
    containers: pause the containers labelled `aeef.agent=<id>`; false where there is no Docker.
    control_plane: the service that also suspends the agent, over HTTP, where there is one.
    reviewers: who reviews each violation (PRD-STD-009).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    registry: str = "agents/registry.json"
    audit_logs: tuple[str, ...] = Field(default=(".aeef/runs/audit.log",), min_length=1)
    handoffs: str = ".aeef/handoffs"
    window_before: timedelta = Field(default=timedelta(hours=1), ge=timedelta())
    window_after: timedelta = Field(default=timedelta(minutes=15), ge=timedelta())
    containers: bool = True
    control_plane: ControlPlane | None = None
    reviewers: tuple[str, ...] = Field(default=("Security", "Platform"), min_length=1)

    @field_validator("registry", "handoffs")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside_repository(path)

    @field_validator("audit_logs")
    @classmethod
    def _all_inside(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(inside_repository(path) for path in paths)
