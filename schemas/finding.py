"""A finding: what a scanner says is wrong with the code or with what it is built on."""

from __future__ import annotations

from pydantic import Field

from schemas.model import Model
from schemas.severity import Severity


class Package(Model):
    """A dependency with a known vulnerability.

    ecosystem: `pypi`, `npm`, … in lower case, as scanners name it. manifest: the file of the
    repository that asks for it, where the scanner says so.
    fixed: versions in which it is mended, as the scanner lists them, in no order.
    """

    name: str = Field(max_length=300)
    ecosystem: str = Field(max_length=50)
    installed: str | None = Field(default=None, max_length=200)
    fixed: tuple[str, ...] = ()
    manifest: str | None = Field(default=None, max_length=1000)


class Finding(Model):
    """One finding; text is cut to what a record can hold, and never trusted.

    id: of the rule or advisory (`B602`, `CVE-2024-35195`). aliases: other ids of the same advisory.
    path, line: where in the repository, for a finding in the code itself.
    """

    id: str = Field(max_length=200)
    tool: str = Field(max_length=100)
    severity: Severity
    title: str = Field(default="", max_length=500)
    aliases: tuple[str, ...] = ()
    path: str | None = Field(default=None, max_length=1000)
    line: int | None = Field(default=None, ge=1)
    package: Package | None = None
