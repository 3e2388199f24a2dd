"""The interface that a rollback needs to deploy a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pydantic import BaseModel

from schemas.health import Condition

Report = Callable[[str], None]
"""Called with one line per stage."""


class Running(BaseModel):
    """What is running, as far as the deployer knows for certain.

    images: Compose service to the id of the image that its containers run.
    known: False when nothing says what is running; True without commit and images: nothing is.
    """

    commit: str | None = None
    images: dict[str, str] = {}
    known: bool = True

    def __str__(self) -> str:
        if self.commit:
            return self.commit[:12]
        images = ", ".join(f"{s} {i[:19]}" for s, i in sorted(self.images.items()))
        return images or ("nothing" if self.known else "unknown")


class Deployer(Protocol):
    """One way to deploy. Every call may be repeated; problems raise TargetError."""

    def check(self) -> None:
        """Raise when deploying is impossible; called before anything is changed."""

    def running(self) -> Running:
        """What is running now; empty when nothing is. Raises when this cannot be determined."""

    def runs(self, commit: str) -> bool:
        """True when exactly this release is known to be running, completely."""

    def prepare(self, commit: str, images: Mapping[str, str], report: Report) -> None:
        """Make the checked-out commit ready to start, without touching what is running."""

    def start(self, commit: str, report: Report) -> None:
        """Replace what is running by the prepared commit."""

    def verify(self, commit: str) -> dict[str, str]:
        """Raise unless the commit is running; return its images by service."""

    def condition(self) -> Condition:
        """What the processes of the release do at this moment, as far as they can be seen."""

    def put_back(self, before: Running, report: Report) -> None:
        """Start again what was running before; the work tree has already been restored."""

    def close(self) -> None:
        """Release connections."""
