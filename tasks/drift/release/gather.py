"""Brings together what Compose reads of a release: its files, and what they mention."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from schemas.errors import InvalidInput
from tasks.drift.files.read_settings_file import read_bounded
from tasks.drift.release.mentions import as_pattern, mentions, variables_in
from tasks.drift.release.release_tree import ReleaseTree, exists

_MOST = 50_000
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
        self._waiting: list[tuple[Path, bool]] = []
        self._project = release.home / folder
        for name in names:
            self._want(release.home, name, read=True)
        self._want(self._project, ".env", read=True)
        while self._waiting and len(self._seen) < _MOST:
            now, self._waiting = self._waiting, []
            release.bring(*filter(None, (self._inside(path) for path, read in now if read)))
            for path, read in now:
                self._take(path, read=read)

    def _want(self, folder: Path, text: str, *, read: bool) -> None:
        path = Path(os.path.normpath(folder / text))
        if (path, read) not in self._seen:
            self._seen.add((path, read))
            self._waiting.append((path, read))

    def _take(self, path: Path, *, read: bool) -> None:
        if inside := self._inside(path):
            self._take_inside(inside, read=read)
        elif read and exists(path):
            self.notes.append(f"{path}: it lies outside the repository, and is taken from there")
        if read and path.suffix in _YAML:
            self._look_into(path)
        elif path == self._project / ".env":
            for found in _COMPOSE_FILE.findall(self._content(path)):
                for name in re.split("[:;,]", os.fsdecode(found).strip()):
                    self._want(self._project, name, read=True)

    def _inside(self, path: Path) -> str | None:
        """The path in the repository; None when it lies outside."""
        home = self._release.home
        return str(path.relative_to(home)) if path.is_relative_to(home) else None

    def _take_inside(self, path: str, *, read: bool) -> None:
        release = self._release
        place = release.tree.follow(path)
        if place.path in release.tree.folders or not read:
            release.make_folder(path)  # docker-compose 1.x wants to see what is built
        elif place.path is None:
            self.notes.append(f"{path}: {place.why}; what is there now counts")
        elif why := release.problem_of(place.path):
            self.unknown[path] = why
        elif place.path not in release.tree.files and release.lend(place.path):
            self.notes.append(f"{path}: it is not committed, and is taken from the work tree")

    def _content(self, path: Path) -> bytes:
        with suppress(InvalidInput, OSError):
            return read_bounded(self._release.stead.of(str(path)), None) or b""
        return b""

    def _look_into(self, path: Path) -> None:
        """Want everything that this compose file mentions."""
        content = self._content(path)
        self.variables |= variables_in(content)
        self._want(path.parent, ".env", read=True)  # also of a file that `include` names
        for each in mentions(content):
            if each.text.startswith("/") and not each.read:
                continue
            for folder in dict.fromkeys((path.parent, self._project)):
                for text in self._fitting(folder, each.text) if each.read else [each.text]:
                    self._want(folder, text, read=each.read)

    def _fitting(self, folder: Path, text: str) -> Iterator[str]:
        """The path, or with variables in it every path that it may stand for."""
        pattern = as_pattern(text)
        if pattern is None:
            yield text
        elif pattern.strip("*./"):
            whole = self._inside(Path(os.path.normpath(folder / pattern)))
            names = self._release.tree.files if whole else ()
            found = [str(self._release.home / n) for n in names if fnmatchcase(n, str(whole))]
            # What `glob` says of a pattern that is empty, absolute, or cannot be looked for.
            with suppress(ValueError, NotImplementedError, OSError):
                found += map(str, folder.glob(pattern))
            yield from found[:_MOST_FITTING]
