"""A finding: what a scanner reports about the code or its dependencies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.incident import Severity
from schemas.model import Model

MOST_IDS = 100
"""The most aliases of an advisory, or fixed versions, that a finding has."""

LAST_LINE = 10_000_000

Id = Annotated[str, StringConstraints(max_length=200)]
Ids = Annotated[tuple[Id, ...], Field(max_length=MOST_IDS)]


class Package(Model):
    """A dependency with a known vulnerability.

    ecosystem: `pypi`, `npm`, … in lower case. manifest: the repository's file that requires
    it, if the scanner says so; as untrusted as `Finding.path`.
    fixed: versions with the fix, as the scanner lists them, in no order.
    """

    name: str = Field(max_length=300)
    ecosystem: str = Field(max_length=50)
    installed: str | None = Field(default=None, max_length=200)
    fixed: Ids = ()
    manifest: str | None = Field(default=None, max_length=1000)


class Finding(Model):
    """One finding; its text is trimmed to a record's limits, and never trusted.

    id: of the rule or advisory (`B602`, `CVE-2024-35195`). aliases: other ids of the same advisory.
    path, line: where in the repository, for a finding in the code itself. The path comes from
    the sender and may be absolute: look it up among the tracked files (`TrackedFiles.find`),
    never open it. place: where, for a finding that is in no file: an address, a name, as text.
    """

    id: Id
    tool: str = Field(max_length=100)
    severity: Severity
    title: str = Field(default="", max_length=500)
    aliases: Ids = ()
    path: str | None = Field(default=None, max_length=1000)
    line: int | None = Field(default=None, ge=1, le=LAST_LINE)
    place: str | None = Field(default=None, max_length=1000)
    package: Package | None = None

    @property
    def where(self) -> str:
        """`requests 2.31.0`, `src/shop.py:11`, or a place in words; empty when nothing is known."""
        if self.package:
            return " ".join(filter(None, (self.package.name, self.package.installed)))
        if self.path:
            return f"{self.path}:{self.line}" if self.line else self.path
        return self.place or ""
