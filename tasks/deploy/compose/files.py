"""Which compose files a person's `docker compose up` would read for a target."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from schemas.settings import Target

_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
USUAL_NAMES = (*_NAMES, *_OVERRIDES)
"""The files that Compose looks for by itself."""


class ComposeFiles:
    """The compose files of a target, as they lie in its work tree at the moment.

    is_old: whether the target is deployed by docker-compose 1.x, which prefers other names; it is
    called only where that makes a difference.
    """

    def __init__(self, target: Target, is_old: Callable[[], bool]) -> None:
        self._target = target
        self._is_old = is_old

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files in Compose's order, as it gets them by `-f`.

        A list in the settings is taken as it is, and so is a file with a name of its own. A usual
        name, or a folder, means what Compose finds there by itself: COMPOSE_FILE in the `.env`,
        else the file with the override file beside it.
        """
        given, repository = self._target.compose_file or "", self._target.repository
        if not isinstance(given, str):
            return tuple(repository / each for each in given)
        path = repository / given
        if path.is_dir():
            folder = path
        elif path.name in _NAMES:
            folder = path.parent
        else:
            return (path,)
        if listed := from_dotenv(folder, "COMPOSE_FILE"):
            separator = from_dotenv(folder, "COMPOSE_PATH_SEPARATOR") or os.pathsep
            return tuple(folder / each for each in listed.split(separator) if each)
        main = path if path.is_file() else self._first(folder, _NAMES)
        override = self._first(folder, _OVERRIDES)
        return (main or path, *([override] if override else []))

    @property
    def folder(self) -> Path:
        """Compose's project directory: the folder of the first file, where its `.env` lies."""
        return self.paths[0].parent

    @property
    def profiles(self) -> tuple[str, ...]:
        """The active profiles: of the settings, else COMPOSE_PROFILES as Compose finds it."""
        if self._target.compose_profiles:
            return self._target.compose_profiles
        listed = os.environ.get("COMPOSE_PROFILES") or from_dotenv(self.folder, "COMPOSE_PROFILES")
        return tuple(each for each in (listed or "").split(",") if each)

    def _first(self, folder: Path, names: tuple[str, ...]) -> Path | None:
        found = [folder / name for name in names if (folder / name).is_file()]
        if len(found) > 1 and self._is_old():
            # 1.x takes `docker-compose.yml` first, as v2 takes `compose.yaml`.
            found.sort(key=lambda path: path.name.startswith("compose"))
        return found[0] if found else None


def from_dotenv(folder: Path, variable: str) -> str | None:
    """The variable's value in the folder's `.env`; None when it has none."""
    try:
        text = (folder / ".env").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    line = r"^\s*(?:export\s+)?(\w+)\s*=[ \t]*(?:'([^'\n]*)'|\"?([^\"'\s]*))"
    plain, values = {}, {}
    for name, quoted, value in re.findall(line, text, re.MULTILINE):
        values[name], plain[name] = quoted or value, bool(quoted)
    if not (found := values.get(variable)) or plain[variable]:
        return found or None
    # Names of other variables are replaced once, as in COMPOSE_FILE=compose.${STAGE}.yml.
    known = values | dict(os.environ)
    return re.sub(r"\$\{?(\w+)\}?", lambda named: known.get(named[1], ""), found)
