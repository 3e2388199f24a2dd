"""Stores the differences of a target that a person has accepted."""

from __future__ import annotations

from pathlib import Path

from schemas.drift import AcceptedDrift, DriftReport
from tasks.base.model_file import ModelFile


def without_accepted(report: DriftReport, home: Path) -> DriftReport:
    """The report without differences accepted for the same release; it notes their number and who.

    A difference counts as accepted as long as it is exactly the same.
    Raises InvalidInput when the file is invalid.
    """
    accepted = read_accepted(report.target, home)
    if accepted is None or accepted.commit != report.commit:
        return report
    left = tuple(each for each in report.differences if each.identity not in accepted.differences)
    known = len(report.differences) - len(left)
    if not known:
        return report
    sentence = f"{known} accepted by {accepted.accepted_by} on {accepted.accepted_at:%Y-%m-%d}"
    return report.model_copy(update={"differences": left, "accepted": sentence})


def read_accepted(target: str, home: Path) -> AcceptedDrift | None:
    """The accepted differences; None if there are none. Raises InvalidInput when unreadable."""
    return _file(target, home).read()


def write_accepted(accepted: AcceptedDrift, home: Path) -> None:
    """Replace the differences accepted before."""
    _file(accepted.target, home).write(accepted)


def _file(target: str, home: Path) -> ModelFile[AcceptedDrift]:
    return ModelFile(home / "accepted-drift" / f"{target}.json", AcceptedDrift)
