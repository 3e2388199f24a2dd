"""The quality of the last release that passed, the baseline of an assessment."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from schemas.errors import InvalidInput, TargetError
from schemas.quality import QualityReport, TargetQuality
from schemas.release import History
from tasks.base.replace_file import replace_file
from tasks.quality.measure_quality import Reports, figures
from tasks.reports.report_files import fields_of, read_report, report_at, tracked_files
from tasks.target.release_files import find_history, gates_of
from tasks.target.repository import TargetRepository


class Baseline(NamedTuple):
    """The release's commit and figures, as far as known; the notes list what is missing."""

    commit: str | None
    report: QualityReport | None
    notes: list[str]


def baseline_of(repository: TargetRepository, commit: str, reports: Reports) -> Baseline:
    """The newest healthy and proven release other than the commit, and its quality.

    The figures come from the summary saved when it passed, else from the reports tracked at its
    commit. Missing data does not raise: the notes list it.
    """
    try:
        release = _last_passed(repository, commit)
    except TargetError as error:
        return Baseline(None, None, [f"no release to compare with: {error}"])
    if release is None:
        return Baseline(
            None, None, ["no earlier release is healthy and proven: compared with thresholds only"]
        )
    notes = []
    try:
        saved = _saved(repository, release)
        if saved:
            return Baseline(release, saved, [])
    except InvalidInput as error:
        notes.append(str(error))
    try:
        tracked = _tracked(repository, release, reports)
        if tracked:
            return Baseline(release, tracked, notes)
    except InvalidInput as error:
        notes.append(f"at {release[:12]}: {error}")
    notes.append(
        f"the last release that passed, {release[:12]}, left no summary"
        f" ({_folder(repository)}/{release}.json) and no tracked report:"
        " compared with thresholds only"
    )
    return Baseline(release, None, notes)


def save_summary(repository: TargetRepository, report: QualityReport) -> Path:
    """Save a commit's figures for later comparison; return the file.

    Raises InvalidInput when the folder is outside the repository.
    """
    top = repository.path.resolve()
    folder = (repository.path / _folder(repository)).resolve()
    if not folder.is_relative_to(top) or folder.is_relative_to(top / ".git"):
        raise InvalidInput(f"the folder of summaries leads out of {repository.path}: {folder}")
    path = folder / f"{report.commit}.json"
    if path.is_symlink():
        raise InvalidInput(f"{path} is a symbolic link: it is not written")
    replace_file(path, (report.model_dump_json(by_alias=True, exclude_none=True) + "\n").encode())
    return path


def _last_passed(repository: TargetRepository, commit: str) -> str | None:
    history = find_history(repository) or History()
    for candidate in history.candidates(commit):
        full = repository.find_commit(candidate.commit)
        if full and full != commit and not gates_of(repository, full)[1]:
            return full
    return None


def _saved(repository: TargetRepository, release: str) -> QualityReport | None:
    name = f"{_folder(repository)}/{release}.json"
    if not (repository.path / name).is_file():
        return None
    try:
        report = QualityReport.model_validate_json(read_report(repository.path, name))
    except ValidationError as error:
        raise InvalidInput(f"the summary {name} cannot be used: {fields_of(error)}") from None
    if report.commit != release:
        raise InvalidInput(f"the summary {name} is of another commit, {report.commit[:12]}")
    return report


def _tracked(repository: TargetRepository, release: str, reports: Reports) -> QualityReport | None:
    """The figures of the reports that are tracked at the release; None when none is."""
    contents = {
        name: content
        for name in (*reports.coverage, *reports.mutation)
        if (content := report_at(repository, release, name)) is not None
    }
    there = Reports(
        coverage=tuple(name for name in reports.coverage if name in contents),
        mutation=tuple(name for name in reports.mutation if name in contents),
    )
    if not there:
        return None
    return figures(release, there, contents.__getitem__, tracked_files(repository, release))


def _folder(repository: TargetRepository) -> str:
    return (repository.target.quality or TargetQuality()).summaries
