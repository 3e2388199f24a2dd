"""The interface that a rollback needs to deploy a target."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from schemas.health import Condition
from schemas.release import Artefacts, RollbackPlan

Report = Callable[[str], None]
"""Called with one line per stage."""


class Running(BaseModel):
    """What is running, as far as the deployer knows for certain.

    images: Compose service to the id of the image that its containers run.
    known: False when nothing says what is running; True without commit and images: nothing is.
    replicas: service to the number of its containers.
    snapshot: service to one hash of its images and configuration, to see whether a deployment
    changed anything; empty where that cannot be seen.
    """

    commit: str | None = None
    images: dict[str, str] = {}
    known: bool = True
    replicas: dict[str, int] = {}
    snapshot: dict[str, str] = {}

    def __str__(self) -> str:
        if self.commit:
            return self.commit[:12]
        images = ", ".join(f"{s} {i[:19]}" for s, i in sorted(self.images.items()))
        return images or ("nothing" if self.known else "unknown")


class Seen(NamedTuple):
    """A release as it was seen running. images: of every service that runs just one.

    remarks: what a person should know about it, in words. rebuilt: services that were built again.
    """

    images: dict[str, str]
    artefacts: Artefacts | None = None
    rebuilt: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Deployer(Protocol):
    """One way to deploy. Every call may be repeated; problems raise TargetError."""

    def check(self) -> None:
        """Raise when deploying is impossible; called before anything is changed."""

    def running(self) -> Running:
        """What is running now; empty when nothing is. Raises when this cannot be determined."""

    def runs(self, plan: RollbackPlan) -> bool:
        """True when exactly this release is known to be running, completely."""

    def snapshot(self) -> dict[str, str]:
        """Each service's images and configuration now, as one hash; empty when they are unseen."""

    def prepare(self, plan: RollbackPlan, report: Report) -> None:
        """Make the checked-out commit ready to start, without touching what is running."""

    def start(self, commit: str, report: Report) -> None:
        """Replace what is running by the prepared commit."""

    def verify(self, commit: str) -> dict[str, str]:
        """Raise unless the commit is running; return the images that are certain, by service."""

    def seen(self, plan: RollbackPlan, /) -> Seen:
        """What else of the release is running now."""

    def foresee(self, plan: RollbackPlan, /) -> list[str]:
        """What of this rollback would be weaker than it could be, in words. Changes nothing.

        Raises TargetError when it would be refused.
        """

    def refuse_other(self, commit: str) -> list[str]:
        """Raise TargetError unless everything runs, or when it is known to be another commit.

        Returns what a person should know about it, in words.
        """

    def recorded(self, since: datetime | None = None, /) -> Seen:
        """What runs now, for the record. since: only what was started after this moment."""

    def condition(self) -> Condition:
        """What the processes of the release do at this moment, as far as they can be seen."""

    def put_back(self, before: Running, report: Report) -> None:
        """Start again what was running before; the work tree has already been restored."""

    def close(self) -> None:
        """Release connections."""
