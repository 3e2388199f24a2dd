"""Releases of a target: how each was deployed, what proves it, and a plan to go back to one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, ConfigDict, Field, StringConstraints

from schemas.model import Model, UtcDatetime
from schemas.release.artefacts import Artefacts

Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{7,64}$")]
FullCommit = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]

THEIRS = ConfigDict(extra="allow")
"""The files belong to the target: fields unknown to us are kept."""


class DeploymentStatus(StrEnum):
    """What a pipeline says of its deployment by `aeef record`; a history may have other words."""

    DEPLOYING = "deploying"
    HEALTHY = "healthy"
    FAILED = "failed"


class Deployment(Model):
    """One entry of `deployments/history.json`. `healthy` is the only good status.

    placed_at: the time of its neighbour in the file, where its own time cannot be believed.
    """

    model_config = THEIRS

    commit: Commit
    status: str
    deployed_at: UtcDatetime | None = Field(
        default=None, validation_alias=AliasChoices("deployedAt", "timestamp", "deployed_at")
    )
    environment: str | None = None
    images: dict[str, str] = Field(default_factory=dict)
    placed_at: UtcDatetime | None = Field(default=None, exclude=True)
    artefacts: Artefacts | None = None


class RollbackEntry(Model):
    """One rollback, as the history file keeps it."""

    model_config = THEIRS

    commit: Commit
    timestamp: UtcDatetime
    from_commit: str | None = Field(
        default=None,
        validation_alias=AliasChoices("from", "from_commit"),
        serialization_alias="from",
    )
    incident_id: str | None = None
    rollback_id: str | None = None


def same_commit(one: str, other: str | None) -> bool:
    """True when they are equal, or one abbreviates the other (seven characters or more)."""
    if not other or min(len(one), len(other)) < 7:
        return False
    return one.startswith(other) or other.startswith(one)


class Provenance(Model):
    """The gates that a release went through before deployment: gate name → its result."""

    model_config = THEIRS

    commit: str | None = None
    stages: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def failures(self, required: tuple[str, ...]) -> list[str]:
        """Why this does not prove the release, in words; empty when every required gate passed.

        Every gate that ran must have passed (the spec's rule), and every required one must
        have run: a record with no gates proves nothing.
        """
        if not self.stages:
            return ["it has no gate results at all"]
        missing = [
            f"required gate '{gate}' is missing" for gate in required if gate not in self.stages
        ]
        failed = [
            f"gate '{gate}' has status '{result.get('status')}'"
            for gate, result in self.stages.items()
            if result.get("status") != "pass"
        ]
        return missing + failed


class RollbackPlan(Model):
    """Which release a rollback goes to, and why; made before anything is changed.

    gates: each gate of the release's provenance with its status.
    images: Compose service to image id, as far as the history has them.
    artefacts: what else of the release was seen running; None for an older entry.
    passed_over: newer releases and odd entries of the history, each with its reason.
    not_looked_at: what of the release was not looked at, in words.
    already_running: the release is running; only its health remains to be checked.
    recreate: deploy it even so, because its configuration has drifted.
    remarks: what would be weaker than it could be, in words; filled in for people only.
    """

    target: str
    from_commit: FullCommit | None = None
    to_commit: FullCommit
    chosen_because: str
    gates: dict[str, str] = Field(default_factory=dict)
    images: dict[str, str] = Field(default_factory=dict)
    artefacts: Artefacts | None = None
    passed_over: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    already_running: bool = False
    recreate: bool = False
    remarks: list[str] = Field(default_factory=list)


class DeployedRelease(Model):
    """The release that runs after a rollback. `healthy_after`: seconds that the health check took.

    images: of the services whose image is certain; artefacts: what else of it was seen.
    rebuilt: services whose image was not here any more, and was built again from the commit.
    changed: False when the release was already running and healthy.
    verified: False when nothing says which commit runs: there is no `running_command`.
    remarks: what a person should know about it, in words.
    """

    target: str
    commit: FullCommit
    previous: FullCommit | None = None
    images: dict[str, str] = Field(default_factory=dict)
    artefacts: Artefacts | None = None
    rebuilt: list[str] = Field(default_factory=list)
    healthy_after: float
    changed: bool
    remarks: list[str] = Field(default_factory=list)
    verified: bool = True

    @property
    def does(self) -> str:
        """What the target is seen to do with it, to continue with the commit."""
        return "serves" if self.verified else "is healthy after deploy_command for"
