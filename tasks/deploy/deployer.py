"""What a rollback needs of a way to deploy, and which way a target has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pydantic import BaseModel

Report = Callable[[str], None]
"""Told one line per stage."""


class Running(BaseModel):
    """What runs, as far as the deployer can tell for certain.

    images: Compose service to the id of the image that its containers run.
    """

    commit: str | None = None
    images: dict[str, str] = {}

    def __str__(self) -> str:
        if self.commit:
            return self.commit[:12]
        return ", ".join(f"{s} {i[:19]}" for s, i in sorted(self.images.items())) or "unknown"


class Deployer(Protocol):
    """One way to deploy. Every call may be repeated; problems are TargetErrors."""

    def check(self) -> None:
        """Raise when nothing can be deployed at all; called before anything is changed."""

    def running(self) -> Running:
        """What runs now; empty when nothing does. Raises when it cannot be found out."""

    def runs(self, commit: str) -> bool:
        """True when exactly this release is known to run, complete."""

    def prepare(self, commit: str, images: Mapping[str, str], report: Report) -> None:
        """Make the checked out commit ready to start. What runs is not touched."""

    def start(self, commit: str, report: Report) -> None:
        """Replace what runs by the prepared commit."""

    def verify(self, commit: str) -> dict[str, str]:
        """Raise unless the commit is what runs; returns its images by service."""

    def put_back(self, before: Running, report: Report) -> None:
        """Run again what ran before; the work tree is already what it was."""

    def close(self) -> None:
        """Release connections."""
