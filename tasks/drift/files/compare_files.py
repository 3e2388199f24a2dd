"""Compares one configured file: as the release would write it, and as it is present."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from schemas.drift import Setting
from schemas.errors import InvalidInput
from schemas.settings import DriftFile
from tasks.drift.files.read_settings_file import SettingsFile, read_bounded
from tasks.drift.release.checkout import NotComparable
from tasks.drift.release.release_tree import ReleaseTree

State = dict[Setting, str]


class Compared(NamedTuple):
    """The settings in a file of the release, and in the present one. note: what was left out."""

    before: State
    after: State
    note: str = ""


def compare_file(release: ReleaseTree, file: DriftFile, settings: SettingsFile) -> Compared:
    """The file by key, or as a whole.

    Raises NotComparable when what the release has cannot be known here, InvalidInput when
    either cannot be read.
    """
    present = _Present(release, file)
    committed = _committed(release, file.path, present)
    if committed is None and present.content is None and not present.strays:
        raise InvalidInput(f"neither {release.commit[:12]} nor this machine has it")
    whole = Setting(file.path, "file")
    # One difference is enough: the file is missing, should not exist, or is not itself.
    if committed is None:
        return Compared({}, {whole: "present"})
    if present.strays:
        return Compared({whole: "present"}, {whole: present.strays})
    if present.content is None:
        return Compared({whole: "present"}, {})
    contents = (committed, present.content)
    try:
        before, after = (settings.by_key(each) for each in contents)
    except InvalidInput as error:
        before, after = (settings.as_a_whole(each) for each in contents)
        return Compared(before, after, f"{file.path} by key, only as a whole: {error}")
    return Compared(before, after)


class _Present:
    """The file on this machine. strays: where a symbolic link leads it that is not its place."""

    def __init__(self, release: ReleaseTree, file: DriftFile) -> None:
        self.path = Path(file.at or release.home / file.path)
        self.strays = "" if file.at else _strays(self.path, release.home)
        self.content = None if self.strays else read_bounded(self.path, None)


def _strays(path: Path, home: Path) -> str:
    try:
        inside = path.resolve().is_relative_to(home.resolve())
    except (OSError, RuntimeError):  # Python 3.11, and later ones
        return "a symbolic link that leads in a circle"
    return "" if inside else "a symbolic link that leads out of the repository"


def _committed(release: ReleaseTree, path: str, present: _Present) -> bytes | None:
    """What the release would write; the present content where git sees no change in it."""
    place = release.tree.follow(path)
    name = place.path if place.path in release.tree.files else None
    try:
        found = release.read(path)
    except NotComparable:
        if name is None:
            raise
        if present.content is None:
            return b""  # whatever it should be, it is gone
        if release.checkout.is_stored_as(name, present.content):
            return present.content
        raise
    if found is None or present.content is None or found.content == present.content:
        return None if found is None else found.content
    if release.checkout.is_what_git_stores(found.name, present.path.resolve()):
        return present.content
    return found.content
