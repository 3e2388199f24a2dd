"""A target's quality thresholds and reports, and the owners' ids in Jira and Slack."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from schemas.quality.code_owners import matches


class Measure(StrEnum):
    """What is measured, in percent."""

    LINE = "line"
    BRANCH = "branch"
    MUTATION = "mutation"

    @property
    def label(self) -> str:
        """The measure's name in words."""
        return "mutation score" if self is Measure.MUTATION else f"{self} coverage"


AEEF_THRESHOLDS = {Measure.LINE: 80.0, Measure.BRANCH: 70.0, Measure.MUTATION: 70.0}
"""AEEF's quality gates, in percent."""


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if "\0" in path or "\\" in path or not parts or parts[0] == "/" or ".." in parts:
        raise ValueError("must be a path inside the repository, with '/'")
    if ".git" in (part.lower() for part in parts):
        raise ValueError("must not lie in git's own directory")
    return PurePosixPath(path).as_posix()


ReportPath = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_inside)]
"""A report's path, relative to the repository."""


def _without_sign(value: Any) -> Any:
    """`80 %` as 80."""
    return value.strip().removesuffix("%").strip() if isinstance(value, str) else value


Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False), BeforeValidator(_without_sign)]


class TargetQuality(BaseModel):
    """`[targets.NAME.quality]`: reports, thresholds, and the folder of the releases' summaries.

    coverage, mutation: reports of any format in docs/runbook-quality-degradation.md, relative to
    the repository.
    thresholds: percent by measure; the default is AEEF's.
    paths: thresholds for files that match a CODEOWNERS pattern; the last match wins.
    summaries: the folder of `<commit>.json`, a release's quality when it passed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: tuple[ReportPath, ...] = ()
    mutation: tuple[ReportPath, ...] = ()
    thresholds: dict[Measure, Percent] = Field(default_factory=dict)
    paths: dict[str, dict[Measure, Percent]] = Field(default_factory=dict)
    summaries: ReportPath = "quality"

    def required(self, measure: Measure, path: str | None = None) -> float:
        """The percentage that all files together, or one file, must reach."""
        return self.threshold(measure, self.pattern_for(measure, path) if path else None)

    def pattern_for(self, measure: Measure, path: str) -> str | None:
        """The last pattern that matches the file and has its own threshold."""
        for pattern, thresholds in reversed(self.paths.items()):
            if measure in thresholds and matches(pattern, path):
                return pattern
        return None

    def threshold(self, measure: Measure, pattern: str | None) -> float:
        """The percentage that the pattern's files, or all files together, must reach."""
        if pattern is not None:
            return self.paths[pattern][measure]
        return self.thresholds.get(measure, AEEF_THRESHOLDS[measure])


class Owner(BaseModel):
    """`[owners.NAME]`: an owner's ids in other services.

    NAME: as in CODEOWNERS or git (`@user`, `@org/team`, an e-mail address), or `on-call`.
    jira: an accountId. slack: the id of a user or of a team's channel.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    jira: str | None = Field(default=None, pattern=r"^[A-Za-z0-9:_-]{1,128}$")
    slack: str | None = Field(default=None, pattern=r"^[UWCG][A-Z0-9]{2,30}$")
