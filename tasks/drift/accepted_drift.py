"""Remembers which differences of a target a person has accepted as they are."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from schemas.drift import AcceptedDrift, DriftReport
from schemas.errors import InvalidInput
from tasks.base.replace_file import replace_file


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
    """What was accepted; None when nothing was."""
    path = _path(target, home)
    try:
        return AcceptedDrift.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        raise InvalidInput(
            f"{path} cannot be read ({type(error).__name__}): remove it, then accept anew"
        ) from None


def write_accepted(accepted: AcceptedDrift, home: Path) -> None:
    """Replaces what was accepted before."""
    content = accepted.model_dump_json(by_alias=True, indent=2).encode()
    replace_file(_path(accepted.target, home), content, mode=0o600)


def _path(target: str, home: Path) -> Path:
    return home / "accepted-drift" / f"{target}.json"
