"""Remembers since when the watch cannot look at a target: no incident, but never silent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from schemas.drift import DriftReport
from schemas.errors import InvalidInput
from schemas.model import Model, UtcDatetime, utc_now
from tasks.base.model_file import ModelFile

STANDING = timedelta(hours=1)
"""A watch that has been blind for so long is a problem of the installation, see `/health`."""


class Blindness(Model):
    """The watch has not been able to compare everything since then. why: in sentences."""

    target: str
    since: UtcDatetime
    why: tuple[str, ...]

    def __str__(self) -> str:
        """One line for a person."""
        return f"the watch cannot look at everything since {self.since:%Y-%m-%d %H:%M} UTC"


def note_blindness(report: DriftReport, home: Path) -> bool:
    """Keep since when parts cannot be read; True when that is news, so that it is logged once."""
    file = _file(report.target, home)
    try:
        before = file.read()
    except InvalidInput:
        before = None  # written anew
    if not report.unreadable:
        file.remove()
        return before is not None
    since = before.since if before else utc_now()
    now = Blindness(target=report.target, since=since, why=report.unreadable)
    if now == before:
        return False
    file.write(now)
    return before is None


def blindness_of(target: str, home: Path) -> Blindness | None:
    """Since when the watch cannot look at the target; None when it can, or has not looked yet."""
    try:
        return _file(target, home).read()
    except InvalidInput:
        return None


def standing_blindness(
    targets: Iterable[str], home: Path, at_least: timedelta = STANDING
) -> list[str]:
    """The targets that the watch has long been unable to look at, as sentences."""
    blind = [each for name in targets if (each := blindness_of(name, home))]
    return [
        f"drift of {each.target}: {each}: {each.why[0][:300]}"
        for each in blind
        if utc_now() - each.since > at_least
    ]


def _file(target: str, home: Path) -> ModelFile[Blindness]:
    return ModelFile(home / "drift-blind" / f"{target}.json", Blindness)
