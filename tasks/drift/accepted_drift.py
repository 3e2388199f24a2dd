"""Remembers which differences of a target a person has accepted as they are."""

from __future__ import annotations

from pathlib import Path

from schemas.drift import AcceptedDrift, DriftReport
from tasks.base.model_file import ModelFile


def without_accepted(report: DriftReport, home: Path) -> DriftReport:
    """The report without what was accepted for the same release; it says how many, and by whom.

    A difference counts as accepted while it is exactly what it was then.
    Raises InvalidInput when the file cannot be understood.
    """
    accepted = read_accepted(report.target, home)
    if accepted is None or accepted.commit != report.commit:
        return report
    left = tuple(each for each in report.differences if each.identity not in accepted.differences)
    known = len(report.differences) - len(left)
    if not known:
        return report
    told = f"{known} accepted by {accepted.accepted_by} on {accepted.accepted_at:%Y-%m-%d}"
    return report.model_copy(update={"differences": left, "accepted": told})


def read_accepted(target: str, home: Path) -> AcceptedDrift | None:
    """What was accepted; None when nothing was. Raises InvalidInput when it cannot be read."""
    return _file(target, home).read()


def write_accepted(accepted: AcceptedDrift, home: Path) -> None:
    """Replaces what was accepted before."""
    _file(accepted.target, home).write(accepted)


def _file(target: str, home: Path) -> ModelFile[AcceptedDrift]:
    return ModelFile(home / "accepted-drift" / f"{target}.json", AcceptedDrift)
