"""A target: an application that we may roll back, as configured in `[targets.NAME]`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

TargetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class Health(BaseModel):
    """How to tell that a release works.

    url: answers 200, and, when it answers JSON with a `status`, one of `ok_statuses`.
    command: exit code 0; run without a shell in the repository.
    successes: so many in a row are needed, `interval` seconds apart, before `deadline` seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    command: tuple[str, ...] = ()
    ok_statuses: tuple[str, ...] = ("ok", "healthy", "pass", "up")
    successes: int = Field(default=3, ge=1)
    interval: float = Field(default=1.0, gt=0)
    deadline: float = Field(default=60.0, gt=0)
    timeout: float = Field(default=5.0, gt=0)

    @model_validator(mode="after")
    def _can_succeed(self) -> Self:
        if (self.successes - 1) * self.interval >= self.deadline:
            raise ValueError(
                f"{self.successes} successes, {self.interval:g} s apart, do not fit into"
                f" the deadline of {self.deadline:g} s"
            )
        return self


class Target(BaseModel):
    """One `[targets.NAME]` table of `aeef.toml`. A service belongs to one target.

    repository: the target's git work tree; relative paths count from the config file.
    services: the service names whose alerts mean this target (its own name always does).
    compose_file: deploy by Docker Compose; `compose_services` are the ones to recreate (default:
    all), `compose_project` the project name (default: Compose's own).
    deploy_command: deploy by a command; `{commit}` stands for the full commit id.
    deploy_command may be called again for the same commit, after a crash for example.
    running_command: prints the commit that runs; the history's newest entry otherwise.
    required_gates: every one must be in a release's provenance with status `pass`.
    deploy_timeout: seconds for one build or one deploy command.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: TargetName
    repository: Path
    services: tuple[str, ...] = ()
    compose_file: str | None = None
    compose_project: str | None = None
    compose_services: tuple[str, ...] = ()
    deploy_command: tuple[str, ...] = ()
    running_command: tuple[str, ...] = ()
    health: Health
    required_gates: tuple[str, ...] = Field(min_length=1)
    history: str = "deployments/history.json"
    provenance: str = "provenance"
    deploy_timeout: float = Field(default=600.0, gt=0)

    @model_validator(mode="after")
    def _one_deployer(self) -> Self:
        if bool(self.compose_file) == bool(self.deploy_command):
            raise ValueError("give exactly one of 'compose_file' and 'deploy_command'")
        if bool(self.health.url) == bool(self.health.command):
            raise ValueError("give exactly one of 'health.url' and 'health.command'")
        return self

    @field_validator("history", "provenance")
    @classmethod
    def _inside(cls, path: str) -> str:
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise ValueError("must be a path inside the repository")
        if Path(path) == Path():
            raise ValueError("must not be the repository itself")
        return Path(path).as_posix()

    @property
    def history_path(self) -> Path:
        """The deployment history file."""
        return self.repository / self.history

    @property
    def rollback_timeout(self) -> timedelta:
        """The longest that one rollback may take: build, deploy, health, and putting back."""
        return timedelta(seconds=2 * (2 * self.deploy_timeout + self.health.deadline))

    def provenance_path(self, commit: str) -> Path:
        """The provenance record of a commit."""
        return self.repository / self.provenance / f"{commit}.json"
