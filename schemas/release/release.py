"""Releases of a target: its deployment history, their provenance, and which one is proven good."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, ConfigDict, Field, StringConstraints

from schemas.errors import NoProvenRelease
from schemas.model import Model, UtcDatetime
from schemas.release.artefacts import Artefacts

Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{7,64}$")]
FullCommit = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_THEIRS = ConfigDict(extra="allow")
"""The files belong to the target: fields unknown to us are kept."""


class DeploymentStatus(StrEnum):
    """What a pipeline says of its deployment by `aeef record`; a history may have other words."""

    DEPLOYING = "deploying"
    HEALTHY = "healthy"
    FAILED = "failed"


class Deployment(Model):
    """One entry of `deployments/history.json`. `healthy` is the only good status."""

    model_config = _THEIRS

    commit: Commit
    status: str
    deployed_at: UtcDatetime | None = Field(
        default=None, validation_alias=AliasChoices("deployedAt", "timestamp", "deployed_at")
    )
    environment: str | None = None
    images: dict[str, str] = Field(default_factory=dict)
    artefacts: Artefacts | None = None


class RollbackEntry(Model):
    """One rollback, as the history file keeps it."""

    model_config = _THEIRS

    commit: Commit
    timestamp: UtcDatetime
    from_commit: str | None = Field(
        default=None,
        validation_alias=AliasChoices("from", "from_commit"),
        serialization_alias="from",
    )
    incident_id: str | None = None
    rollback_id: str | None = None


class History(Model):
    """The target's deployment history (spec, "Rollback Automation")."""

    model_config = _THEIRS

    deployments: list[Deployment] = Field(default_factory=list)
    rollbacks: list[RollbackEntry] = Field(default_factory=list)

    def of(self, environment: str | None) -> History:
        """The deployments of an environment, and those that name none; None: all of them."""
        if environment is None:
            return self
        wanted = [each for each in self.deployments if each.environment in (None, environment)]
        return self.model_copy(update={"deployments": wanted})

    def newest_first(self) -> list[Deployment]:
        """By deployment time; at equal times the later entry in the file is newer."""
        return [
            entry
            for _, entry in sorted(
                enumerate(self.deployments),
                key=lambda pair: (pair[1].deployed_at or _LONG_AGO, pair[0]),
                reverse=True,
            )
        ]

    def seen_of(self, commit: str) -> tuple[dict[str, str], Artefacts | None]:
        """The images and artefacts that were seen of a commit, the newest of each service.

        What was seen while it was healthy comes first.
        """
        entries = [each for each in self.newest_first() if same_commit(each.commit, commit)]
        entries.sort(key=lambda entry: entry.status != "healthy")
        images: dict[str, str] = {}
        for entry in reversed(entries):
            images |= entry.images
        return images, next((each.artefacts for each in entries if each.artefacts), None)

    def candidates(self, failing: str | None) -> list[Deployment]:
        """Healthy releases that are not the failing one, newest first, each commit once.

        A commit whose newest entry is not healthy is not a candidate, whatever it was before.
        """
        seen: set[str] = set()
        found = []
        for entry in self.newest_first():
            if entry.commit in seen:
                continue
            seen.add(entry.commit)
            if entry.status == "healthy" and not same_commit(entry.commit, failing):
                found.append(entry)
        return found


def same_commit(one: str, other: str | None) -> bool:
    """True when they are equal, or one abbreviates the other (seven characters or more)."""
    if not other or min(len(one), len(other)) < 7:
        return False
    return one.startswith(other) or other.startswith(one)


class Provenance(Model):
    """The gates that a release went through before deployment: gate name → its result."""

    model_config = _THEIRS

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


def last_known_good(history: History, failing: str | None) -> Deployment:
    """The newest healthy release that is not the failing one.

    Raises NoProvenRelease when there is none.
    """
    candidates = history.candidates(failing)
    if not candidates:
        raise NoProvenRelease(
            "choose release",
            f"the history has no healthy release other than the failing one"
            f" ({(failing or 'unknown')[:12]}); deploy a good release by hand,"
            " or name one with --to-commit",
        )
    return candidates[0]


class RollbackPlan(Model):
    """Which release a rollback goes to, and why; made before anything is changed.

    gates: each gate of the release's provenance with its status.
    images: Compose service to image id, as far as the history has them.
    artefacts: what else of the release was seen running; None for an older entry.
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
    already_running: bool = False
    recreate: bool = False
    remarks: list[str] = Field(default_factory=list)

    @property
    def text(self) -> str:
        """What would be done, and below it each remark."""
        would = f"would roll {self.target} back to {self.to_commit}: {self.chosen_because}"
        return "\n".join([would, *(f"  {remark}" for remark in self.remarks)])


class DeployedRelease(Model):
    """The release that runs after a rollback. `healthy_after`: seconds that the health check took.

    images: of the services whose image is certain; artefacts: what else of it was seen.
    rebuilt: services whose image was not here any more, and was built again from the commit.
    changed: False when the release was already running and healthy.
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
