"""Brings together what Compose reads of a release: its files, and what they mention."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from schemas.errors import InvalidInput
from tasks.drift.files.read_settings_file import MOST_BYTES, read_bounded
from tasks.drift.release.mentions import as_pattern, mentions, variables_in
from tasks.drift.release.release_tree import ReleaseTree

_MOST = 2_000
"""How many paths are looked at; every word of a compose file may be one."""
_MOST_FITTING = 50
_COMPOSE_FILE = re.compile(rb"""(?m)^\s*COMPOSE_FILE\s*=\s*["']?([^"'\n]+)""")
_YAML = (".yml", ".yaml")


class Gathered:
    """What Compose needs is in the release's stead now, except what is unknown.

    names: the compose files, as far as there are such. folder: Compose's project directory.
    unknown: committed files that could not be written, and why. notes: what does not come from
    the commit. variables: the names that the compose files take from elsewhere.
    """

    def __init__(self, release: ReleaseTree, names: Iterable[str], folder: str) -> None:
        self.unknown: dict[str, str] = {}
        self.notes: list[str] = []
        self.variables: set[str] = set()
        self._release = release
        self._seen: set[tuple[Path, bool]] = set()
        self._waiting: deque[tuple[Path, bool]] = deque()
        self._project = release.home / folder
        for name in names:
            self._want(release.home, name, read=True)
        self._want(self._project, ".env", read=True)
        while self._waiting and len(self._seen) < _MOST:
            path, read = self._waiting.popleft()
            self._take(path, read=read)

    def _want(self, folder: Path, text: str, *, read: bool) -> None:
        path = Path(os.path.normpath(folder / text))
        if (path, read) not in self._seen:
            self._seen.add((path, read))
            self._waiting.append((path, read))

    def _take(self, path: Path, *, read: bool) -> None:
        if path.is_relative_to(self._release.home):
            self._take_inside(str(path.relative_to(self._release.home)), read=read)
        elif read and path.is_file():
            self.notes.append(f"{path}: it lies outside the repository, and is taken from there")
        if path.suffix in _YAML:
            self._look_into(path)
        elif path == self._project / ".env":
            for found in _COMPOSE_FILE.findall(self._content(path)):
                for name in re.split("[:;,]", os.fsdecode(found).strip()):
                    self._want(self._project, name, read=True)

    def _take_inside(self, path: str, *, read: bool) -> None:
        release = self._release
        place = release.tree.follow(path)
        blob = release.tree.files.get(place.path or "")
        if blob and blob.size > MOST_BYTES:
            if read:
                self.unknown[path] = f"it has {blob.size} bytes"
            return
        release.bring(path)
        if place.path is None:
            if read:
                self.notes.append(f"{path}: {place.why}; what is there now counts")
        elif why := release.checkout.problems.get(place.path):
            if read or path.endswith(_YAML):
                self.unknown[path] = why
        elif blob is None and place.path not in release.tree.folders:
            lent = release.lend(place.path)
            if read and lent is not None and lent.is_file():
                self.notes.append(f"{path}: it is not committed, and is taken from the work tree")

    def _content(self, path: Path) -> bytes:
        with suppress(InvalidInput, OSError):
            return read_bounded(self._release.stead.of(str(path)), None) or b""
        return b""

    def _look_into(self, path: Path) -> None:
        """Want everything that this compose file mentions."""
        content = self._content(path)
        self.variables |= variables_in(content)
        self._want(path.parent, ".env", read=False)  # of a file that `include` names
        for each in mentions(content):
            if each.text.startswith("/") and not each.read:
                continue
            for folder in dict.fromkeys((path.parent, self._project)):
                for text in self._fitting(folder, each.text):
                    self._want(folder, text, read=each.read)

    def _fitting(self, folder: Path, text: str) -> Iterator[str]:
        """The path, or with variables in it every path that it may stand for."""
        pattern = as_pattern(text)
        if pattern is None:
            yield text
        elif pattern.strip("*./"):
            home = self._release.home
            whole = os.path.normpath(folder / pattern)
            found = [
                str(home / name)
                for name in self._release.tree.files
                if fnmatchcase(str(home / name), whole)
            ]
            with suppress(ValueError, NotImplementedError, OSError):
                found += map(str, folder.glob(pattern))
            yield from found[:_MOST_FITTING]
