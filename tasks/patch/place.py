"""Where a patch is prepared: its folder, and who is at it."""

from __future__ import annotations

from pathlib import Path

from schemas.settings import Settings


def patch_place(incident_id: str, settings: Settings) -> Path:
    """The path of the temporary work tree of an incident's hotfix."""
    place = settings.home / "patches" / incident_id
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def running_pid(place: Path) -> Path:
    """The file that identifies the program running in the temporary work tree."""
    return place.with_name(f"{place.name}.running.json")
