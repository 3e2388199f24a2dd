"""The quality of a commit by file, compared with a release and with thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.model import Model
from schemas.quality.settings import Measure, TargetQuality
from schemas.release import FullCommit

MOST_SUSPECTS = 50
"""How many files an assessment names, the worst ones."""
_SAME = 0.005
"""Figures that differ by fewer percentage points count as equal."""
_MOST_DECIMALS = 4
Number = Annotated[int, Field(ge=0, le=10**15)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=5_000)]


class Count(NamedTuple):
    """A count out of a total: lines and branches that ran, mutants that were killed."""

    good: Number
    total: Number

    @property
    def percent(self) -> float | None:
        """The percentage; None where there is nothing to measure."""
        return 100.0 * self.good / self.total if self.total else None


class FileQuality(Model):
    """The figures of one file; a measure that no report contains is None."""

    line: Count | None = None
    branch: Count | None = None
    mutation: Count | None = None

    @model_validator(mode="after")
    def _parts_of_a_whole(self) -> Self:
        for measure in Measure:
            count = self.count(measure)
            if count and count.good > count.total:
                raise ValueError(f"{measure}: {count.good} of {count.total}")
        return self

    def count(self, measure: Measure) -> Count | None:
        """The figures of one measure."""
        found: Count | None = getattr(self, measure.value)
        return found

    def percent(self, measure: Measure) -> float | None:
        """The percentage of one measure; None where nothing was measured."""
        count = self.count(measure)
        return count.percent if count else None


class QualityReport(Model):
    """Every measured file of a commit; kept as `quality/<commit>.json` when a release passes.

    elsewhere: figures of files that are not in the repository, such as generated ones: they
    count in the totals, but belong to nobody.
    """

    commit: FullCommit
    files: dict[FileName, FileQuality] = Field(default_factory=dict)
    elsewhere: FileQuality = FileQuality()

    def total(self) -> FileQuality:
        """The figures of all files together."""
        return summed([*self.files.values(), self.elsewhere])


def summed(files: Iterable[FileQuality]) -> FileQuality:
    """The sum of the figures."""
    everything = list(files)
    return FileQuality.model_construct(
        line=_sum(everything, Measure.LINE),
        branch=_sum(everything, Measure.BRANCH),
        mutation=_sum(everything, Measure.MUTATION),
    )


def _sum(files: Iterable[FileQuality], measure: Measure) -> Count | None:
    found = [count for file in files if (count := file.count(measure))]
    if not found:
        return None
    return Count(sum(count.good for count in found), sum(count.total for count in found))


def _apart(percent: float, other: float) -> str:
    """A percentage with as many decimals as it takes to differ from another one.

    79.96 % of the needed 80 % must not read as 80.0 %.
    """
    for digits in range(1, _MOST_DECIMALS):
        written = f"{percent:.{digits}f}"
        if written != f"{other:.{digits}f}":
            return written
    return f"{percent:.{_MOST_DECIMALS}f}"


class Shortfall(Model):
    """A threshold that all files together (`pattern` None), or some files, do not reach."""

    pattern: str | None = None
    measure: Measure
    percent: float
    required: float

    def __str__(self) -> str:
        where = f" of {self.pattern}" if self.pattern else ""
        percent = _apart(self.percent, self.required)
        return f"{self.measure.label}{where} {percent} % (needs {self.required:g} %)"


class Change(Model):
    """One measure of a file, at the release (None: unknown) and now.

    lost: approximately how many lines, branches or mutants it takes to recover.
    """

    measure: Measure
    before: float | None = None
    now: float
    lost: float

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.measure.label} {self.now:.1f} %"
        before, now = _apart(self.before, self.now), _apart(self.now, self.before)
        return f"{self.measure.label} {before} → {now} %"


class Suspect(Model):
    """A file that got worse since the release, or that is below its threshold."""

    path: str
    changes: tuple[Change, ...]

    @property
    def lost(self) -> float:
        """How much there is to recover: the investigation starts with the largest."""
        return sum(change.lost for change in self.changes)


class Assessment(Model):
    """A commit's comparison. `baseline`: the release's commit, None when there is none to use.

    fell: True: the suspects are files that got worse; else those below their thresholds.
    notes: caveats about the figures.
    """

    target: str
    commit: FullCommit
    baseline: FullCommit | None = None
    now: FileQuality
    before: FileQuality | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    fell: bool = False
    notes: tuple[str, ...] = ()


def shortfalls_of(report: QualityReport, wanted: TargetQuality) -> tuple[Shortfall, ...]:
    """Every threshold that is not reached: the overall ones, then those by path.

    A file counts only for the last pattern that matches it, like its own threshold.
    """
    by_path: dict[tuple[str, Measure], list[FileQuality]] = {
        (pattern, measure): []
        for pattern, thresholds in wanted.paths.items()
        for measure in thresholds
    }
    for path, file in report.files.items():
        for measure in Measure:
            pattern = wanted.pattern_for(measure, path)
            if pattern is not None:
                by_path[pattern, measure].append(file)
    everything = report.total()
    scopes: list[tuple[str | None, Measure, FileQuality]] = [
        *((None, measure, everything) for measure in Measure),
        *((pattern, measure, summed(files)) for (pattern, measure), files in by_path.items()),
    ]
    found = []
    for scope, measure, total in scopes:
        percent, required = total.percent(measure), wanted.threshold(measure, scope)
        if percent is not None and percent < required:
            found.append(
                Shortfall(pattern=scope, measure=measure, percent=percent, required=required)
            )
    return tuple(found)


def fallen(
    now: Mapping[str, FileQuality], before: Mapping[str, FileQuality], wanted: TargetQuality
) -> list[Suspect]:
    """The files that got worse since the release, or are new and below a threshold; worst first."""
    return _worst_first(
        Suspect(
            path=path,
            changes=tuple(
                change
                for measure in Measure
                if (change := _change(path, measure, file, before.get(path), wanted))
            ),
        )
        for path, file in now.items()
    )


def below(now: Mapping[str, FileQuality], wanted: TargetQuality) -> list[Suspect]:
    """The files below a threshold, whatever they were before; worst first."""
    return fallen(now, {}, wanted)


def _change(
    path: str, measure: Measure, now: FileQuality, before: FileQuality | None, wanted: TargetQuality
) -> Change | None:
    count = now.count(measure)
    if count is None or count.percent is None:
        return None
    old = before.percent(measure) if before else None
    bar = wanted.required(measure, path) if old is None else old - _SAME
    if count.percent >= bar:
        return None
    lost = (bar - count.percent) / 100.0 * count.total
    return Change(measure=measure, before=old, now=count.percent, lost=lost)


def _worst_first(suspects: Iterable[Suspect]) -> list[Suspect]:
    return sorted(
        (suspect for suspect in suspects if suspect.changes),
        key=lambda suspect: (-suspect.lost, suspect.path),
    )
