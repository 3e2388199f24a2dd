"""The table `[targets.NAME.isolation]`: how a target is isolated."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SERVICE = "{service}"


class TargetIsolation(BaseModel):
    """`[targets.NAME.isolation]`. Compose targets need none of it.

    isolate_command, restore_command: for a target that is deployed by a command; with
    `{service}` (the service's name) they run once for each service.
    isolated_command: exit code 0 means that it is isolated, 1 that it is not.
    evidence_command: its output is kept as evidence.
    timeout: seconds for each command.
    log_bytes: how much of a container's newest log is kept as evidence.
    quarantine_subnet: subnet of the quarantine network; by default Docker chooses one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    isolate_command: tuple[str, ...] = ()
    restore_command: tuple[str, ...] = ()
    isolated_command: tuple[str, ...] = ()
    evidence_command: tuple[str, ...] = ()
    timeout: float = Field(default=60.0, gt=0, le=300)
    log_bytes: int = Field(default=50_000_000, gt=0)
    quarantine_subnet: IPv4Network | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        given = (self.isolate_command, self.restore_command, self.isolated_command)
        if any(given) and not all(given):
            raise ValueError(
                "give 'isolate_command', 'restore_command' and 'isolated_command' together"
            )
        return self
