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

from schemas.agents import AgentSettings
from schemas.automation import Act, TargetLimit
from schemas.breach import TargetBreach
from schemas.health import Health
from schemas.isolation import TargetIsolation
from schemas.model import inside_repository
from schemas.patch import TargetPatch
from schemas.quality import TargetQuality
from schemas.recovery import RecoverySettings

TargetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class DriftFile(BaseModel):
    """A file of the release that must match the committed version.

    path: in the repository. at: the path of the file in use, if it is not the work tree's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    at: Path | None = None

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside_repository(path)

    @field_validator("at")
    @classmethod
    def _absolute(cls, at: Path | None) -> Path | None:
        if at is not None and not at.is_absolute():
            raise ValueError("must be an absolute path")
        return at


class TargetDrift(BaseModel):
    """`[targets.NAME.drift]`: what is compared with the last known good release besides Compose.

    files: paths in the repository, or tables `{path, at}`; JSON and YAML are compared by key.
    ignore: patterns of report paths that may differ: `web.labels.build*`.
    show: patterns of keys whose values are not secret: `config/app.yaml.content.log*`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: tuple[DriftFile, ...] = ()
    ignore: tuple[str, ...] = ()
    show: tuple[str, ...] = ()

    @field_validator("files", mode="before")
    @classmethod
    def _plain_paths(cls, files: object) -> object:
        if not isinstance(files, list | tuple):
            return files
        return [{"path": each} if isinstance(each, str) else each for each in files]


class Target(BaseModel):
    """One `[targets.NAME]` table of `aeef.toml`. A service belongs to one target.

    repository: the target's git work tree; relative to the config file.
    services: the service names whose alerts belong to this target (its own name always does).
    compose_file: deploy by Docker Compose. A file of a usual name, or a folder: what
    `docker compose up` reads there, its override file included; another file, or a list: exactly
    these. `compose_services` are the ones to recreate (default: all), `compose_profiles` the active
    profiles (default: COMPOSE_PROFILES), `compose_project` the project name (default: Compose's
    own), `compose_command` the command (default: `docker compose`, or `docker-compose` where only
    that is installed), `compose_started_in` other folders where the same files may be started.
    deploy_command: deploy by a command; `{commit}` stands for the full commit id.
    deploy_command may be called again for the same commit, after a crash for example.
    running_command: prints the running commit; without it, the history's newest entry counts.
    required_gates: each must be in a release's provenance with status `pass`.
    environment: what of the history belongs to this target, when it serves several.
    team: whose it is, for figures; an alert's own label `team` comes first.
    deploy_timeout: seconds for one build or one deploy command.
    discard_mode_changes: a tracked file of which only the mode is changed does not stop a rollback.
    agents: the AI agents that work on it.
    drift: what the drift runbook compares besides the Compose services.
    quality: where its coverage and mutation reports are, and its thresholds.
    breach: which regulatory regimes apply to it, and what personal data it holds.
    isolation: how it is isolated, for targets without Docker Compose.
    recovery: in place of `[recovery]`, for this target alone.
    patch: the gates of an emergency patch, and who approves it.
    limits: how often the automation may do a thing to it, instead of `[automation.limits]`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: TargetName
    repository: Path
    services: tuple[str, ...] = ()
    compose_file: str | tuple[str, ...] | None = None
    compose_profiles: tuple[str, ...] = ()
    compose_started_in: tuple[Path, ...] = ()
    compose_project: str | None = None
    compose_services: tuple[str, ...] = ()
    compose_command: tuple[str, ...] = ()
    deploy_command: tuple[str, ...] = ()
    running_command: tuple[str, ...] = ()
    health: Health
    required_gates: tuple[str, ...] = Field(min_length=1)
    environment: str | None = None
    team: str = ""
    history: str = "deployments/history.json"
    provenance: str = "provenance"
    deploy_timeout: float = Field(default=600.0, gt=0)
    discard_mode_changes: bool = False
    agents: AgentSettings | None = None
    drift: TargetDrift | None = None
    quality: TargetQuality | None = None
    breach: TargetBreach | None = None
    isolation: TargetIsolation | None = None
    recovery: RecoverySettings | None = None
    patch: TargetPatch | None = None
    limits: dict[Act, TargetLimit] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_deployer(self) -> Self:
        if bool(self.compose_file) == bool(self.deploy_command):
            raise ValueError("give exactly one of 'compose_file' and 'deploy_command'")
        if bool(self.health.url) == bool(self.health.command):
            raise ValueError("give exactly one of 'health.url' and 'health.command'")
        return self

    @field_validator("compose_started_in")
    @classmethod
    def _absolute(cls, folders: tuple[Path, ...]) -> tuple[Path, ...]:
        if not all(folder.is_absolute() for folder in folders):
            raise ValueError("must be absolute paths")
        return folders

    @field_validator("history", "provenance")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside_repository(path)

    @property
    def compose_name(self) -> str:
        """The compose file as it is called in messages: the first of several."""
        given = self.compose_file or ""
        return given if isinstance(given, str) else given[0]

    @property
    def how_to_isolate(self) -> TargetIsolation:
        """The isolation table, or the defaults."""
        return self.isolation or TargetIsolation()

    @property
    def history_path(self) -> Path:
        """The deployment history file."""
        return self.repository / self.history

    @property
    def shows_what_runs(self) -> bool:
        """Whether it can be seen which commit runs: by Docker, or by `running_command`."""
        return bool(self.compose_file or self.running_command)

    @property
    def rollback_timeout(self) -> timedelta:
        """The maximum duration of one rollback: build, deploy, health check, and undoing them."""
        return timedelta(seconds=2 * (2 * self.deploy_timeout + self.health.deadline))

    def provenance_path(self, commit: str) -> Path:
        """The provenance record of a commit."""
        return self.repository / self.provenance / f"{commit}.json"
