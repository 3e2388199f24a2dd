"""Measures a target by the reports that its settings or an alert name."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from schemas.errors import InvalidInput
from schemas.quality import FileQuality, QualityReport, ReportPath, TargetQuality, summed
from schemas.release import Commit
from schemas.settings import Target
from tasks.quality.coverage.covered import CoveredFile
from tasks.quality.read_coverage import read_coverage
from tasks.quality.read_mutation import read_mutation
from tasks.reports.report_files import (
    TrackedFiles,
    fields_of,
    read_report,
    report_at,
    tracked_files,
)
from tasks.target.repository import TargetRepository

MOST_REPORTS = 50
LONGEST = 240.0
"""Seconds after which reading ends, also within a report."""


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_Paths = Annotated[
    tuple[ReportPath, ...], Field(max_length=MOST_REPORTS), BeforeValidator(_one_or_more)
]


class Reports(BaseModel):
    """The reports to read, and the commit they belong to (None: what is checked out)."""

    coverage: _Paths = ()
    mutation: _Paths = ()
    commit: Commit | None = None

    def __bool__(self) -> bool:
        """False when there is nothing to read."""
        return bool(self.coverage or self.mutation)


class Measured(NamedTuple):
    """The figures, and caveats about them."""

    report: QualityReport
    notes: list[str]


def reports_of(target: Target, details: Mapping[str, Any]) -> Reports:
    """The reports that an alert's details name (`coverage`, `mutation`, `commit`), or the target's.

    Raises InvalidInput for paths outside the repository and other invalid values.
    """
    try:
        named = Reports.model_validate(
            {key: details[key] for key in Reports.model_fields if details.get(key) is not None}
        )
    except ValidationError as error:
        raise InvalidInput(f"the alert's details cannot be used: {fields_of(error)}") from None
    if named:
        return named
    wanted = target.quality or TargetQuality()
    return Reports(coverage=wanted.coverage, mutation=wanted.mutation, commit=named.commit)


def measure(repository: TargetRepository, reports: Reports) -> Measured:
    """Read every report. Raises InvalidInput that names an unreadable one and the reason."""
    head = repository.head().commit
    commit = repository.find_commit(reports.commit) if reports.commit else head
    if commit is None:
        raise InvalidInput(f"commit {reports.commit} is not in {repository.path}: fetch it first")
    notes = []

    def content(name: str) -> bytes:
        if commit != head and (tracked := report_at(repository, commit, name)) is not None:
            return tracked
        if commit != head:
            notes.append(f"{name} is the one in the work tree, which has {head[:12]} checked out")
        return read_report(repository.path, name)

    report = figures(commit, reports, content, tracked_files(repository, commit))
    elsewhere = summed([report.elsewhere])
    if elsewhere.line or elsewhere.mutation:
        notes.append(
            "some figures belong to files that are not in the repository: they count, unassigned"
        )
    return Measured(report, notes)


def figures(
    commit: str, reports: Reports, content: Callable[[str], bytes], tracked: TrackedFiles
) -> QualityReport:
    """The figures of each file in the reports. content: returns a report's bytes by its path."""
    began = time.monotonic()
    covered: defaultdict[str | None, CoveredFile] = defaultdict(CoveredFile)
    strangers: list[FileQuality] = []
    for name in reports.coverage:
        _in_time(began, name)
        coverage = read_coverage(content(name), name)
        for path, file in coverage.files.items():
            _in_time(began, name)
            found = tracked.find(path, coverage.roots)
            if found is None:
                strangers.append(file.quality())
            else:
                covered[found].merge(file)
    files = {path: file.quality() for path, file in covered.items() if path is not None}
    for name in reports.mutation:
        _in_time(began, name)
        mutants = read_mutation(content(name), name)
        for names, count in mutants.files.items():
            _in_time(began, name)
            found = _first(tracked.find(each, mutants.roots) for each in names)
            figure = FileQuality(mutation=count)
            if found is None:
                strangers.append(figure)
            else:
                files[found] = summed([files.get(found, FileQuality()), figure])
    return QualityReport(commit=commit, files=files, elsewhere=summed(strangers))


def _first(found: Iterable[str | None]) -> str | None:
    return next((each for each in found if each is not None), None)


def _in_time(began: float, name: str) -> None:
    if time.monotonic() - began > LONGEST:
        raise InvalidInput(
            f"the reports took longer than {LONGEST:g} s; {name} was not read to its end"
        )
