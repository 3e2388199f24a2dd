"""Reads pip-audit's JSON (`pip-audit -f json`): version 2.x, and the bare list of 1.x."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from schemas.findings import MOST_IDS, UNRATED, Finding, Package
from tasks.reports.report_json import Lenient, each, text, texts

TOOL = "pip-audit"


class _Vulnerability(Lenient):
    id: str
    aliases: Any = None
    description: str | None = None
    fix_versions: Any = Field(default=None, alias="fix_versions")


class _Dependency(Lenient):
    name: str
    version: str | None = None
    vulns: Any = None
    skip_reason: str | None = Field(default=None, alias="skip_reason")


class PipAudit:
    """A report; `not_checked` counts the dependencies that it skipped."""

    def __init__(self, data: Any) -> None:
        self._dependencies = data if isinstance(data, list) else data.get("dependencies")
        self.tools = [TOOL]
        self.not_checked = 0

    def findings(self) -> Iterator[Finding]:
        """Every vulnerability of every dependency."""
        for dependency in each(_Dependency, self._dependencies, "dependencies"):
            self.not_checked += dependency.skip_reason is not None
            where = f"vulns of {text(dependency.name, 100)}"
            for found in each(_Vulnerability, dependency.vulns, where):
                yield Finding(
                    id=text(found.id, 200) or "unnamed",
                    tool=TOOL,
                    severity=UNRATED,
                    title=text((found.description or "").strip().partition("\n")[0], 200),
                    aliases=texts(found.aliases, 200, MOST_IDS),
                    package=Package(
                        name=text(dependency.name, 300) or "unnamed",
                        ecosystem="pypi",
                        installed=text(dependency.version, 200) or None,
                        fixed=texts(found.fix_versions, 200, MOST_IDS),
                    ),
                )
