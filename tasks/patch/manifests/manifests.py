"""Raises a package in the manifests that require it, for each kind of file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tasks.patch.manifests.fixed_version import Fixes
from tasks.patch.manifests.npm_range import raise_range
from tasks.patch.manifests.python_requirements import (
    Edit,
    Raised,
    raise_requirement,
    raise_requirements,
    raise_specifiers,
)
from tasks.patch.manifests.replace_literal import Path, replace_literal

PYPI, NPM = "pypi", "npm"
ECOSYSTEMS = {PYPI: PYPI, "python": PYPI, "pip": PYPI, NPM: NPM, "node": NPM, "node-pkg": NPM}
"""The ecosystems, by scanners' names."""
LOCKS = {
    PYPI: ("poetry.lock", "uv.lock", "pdm.lock"),
    NPM: ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
          "bun.lockb"),
}  # fmt: skip
_REQUIREMENTS = re.compile(r".*(requirements|constraints).*\.(txt|in)", re.IGNORECASE)
_NPM_TABLES = ("dependencies", "devDependencies", "optionalDependencies")
_CARET = re.compile(r"(\s*[\^~]\s*)(\d+(?:\.\d+)*)(\s*)")


def is_manifest(file: str, ecosystem: str) -> bool:
    """True for a kind of file that we can change."""
    path = PurePosixPath(file)
    if ecosystem == NPM:
        return path.name == "package.json" and "node_modules" not in path.parts
    in_folder = path.parent.name == "requirements" and path.suffix in (".txt", ".in")
    return path.name == "pyproject.toml" or in_folder or bool(_REQUIREMENTS.fullmatch(path.name))


def locks_beside(file: str, ecosystem: str, files: frozenset[str]) -> list[str]:
    """The lock files for this manifest: beside it, or in a folder above."""
    if PurePosixPath(file).suffix in (".txt", ".in"):
        return []
    places = [PurePosixPath(file).parent, *PurePosixPath(file).parent.parents]
    names = [(place / name).as_posix() for place in places for name in LOCKS[ecosystem]]
    return [name for name in names if name in files]


def raise_in(
    file: str, text: str, name: str, all_fixes: Sequence[Fixes], installed: str | None
) -> Edit:
    """Raise the package in this manifest; every other byte stays."""
    kind = PurePosixPath(file).name
    if kind == "package.json":
        return _edit(text, json.loads, '"', _in_package_json(name, all_fixes, installed))
    if kind == "pyproject.toml":
        return _edit(text, tomllib.loads, "\"'", _in_pyproject(name, all_fixes, installed))
    return raise_requirements(text, name, all_fixes, installed)


class _Ask(NamedTuple):
    """A string in a manifest that requires the package."""

    place: Path
    text: str
    raised: Raised


Find = Callable[[Any], Iterator[_Ask]]


def _edit(text: str, parse: Callable[[str], Any], quotes: str, find: Find) -> Edit:
    """Find the strings that require the package in the parsed file; change them in its text."""
    try:
        asks = list(find(parse(text)))
    except (ValueError, RecursionError):
        return Edit(text, reasons=("it cannot be read",))
    changes: list[tuple[str, str]] = []
    reasons: list[str] = []
    for place, before, raised in asks:
        where = ".".join(str(part) for part in place)
        if raised.why:
            reasons.append(f"{where} {raised.why}")
        elif raised.text is not None:
            changed = replace_literal(text, place, raised.text, parse, quotes)
            if changed is None:
                reasons.append(f"{where} is written in a way that is not changed by a program")
            else:
                text = changed
                changes.append((before, raised.text))
    return Edit(text, tuple(changes), tuple(reasons), len(asks))


def _in_package_json(name: str, all_fixes: Sequence[Fixes], installed: str | None) -> Find:
    def find(document: Any) -> Iterator[_Ask]:
        for table in _NPM_TABLES:
            for key, value in _table(document, table).items():
                if key == name or str(value).startswith(f"npm:{name}@"):
                    yield ask((table, key), value)
        yield from overrides(("overrides",), _table(document, "overrides"))
        for key, value in _table(document, "resolutions").items():
            if key == name or key.endswith(f"/{name}"):
                yield ask(("resolutions", key), value)

    def overrides(place: Path, table: Mapping[str, Any]) -> Iterator[_Ask]:
        for key, value in table.items():
            here = (*place, key)
            if isinstance(value, dict):
                yield from overrides(here, value)
            elif _without_range(str(place[-1] if key == "." else key)) == name:
                yield ask(here, value)

    def ask(place: Path, value: Any) -> _Ask:
        if not isinstance(value, str):
            return _Ask(place, "", Raised(why="is no version"))
        if value.startswith("$"):  # refers to the table of dependencies
            return _Ask(place, value, Raised())
        return _Ask(place, value, raise_range(value, all_fixes, installed))

    return find


def _in_pyproject(name: str, all_fixes: Sequence[Fixes], installed: str | None) -> Find:
    wanted = canonicalize_name(name)

    def find(document: Any) -> Iterator[_Ask]:
        project = _table(document, "project")
        yield from strings(("project", "dependencies"), project.get("dependencies"))
        for table, place in (
            (_table(project, "optional-dependencies"), ("project", "optional-dependencies")),
            (_table(document, "dependency-groups"), ("dependency-groups",)),
        ):
            for group, entries in table.items():
                yield from strings((*place, group), entries)
        poetry = _table(_table(document, "tool"), "poetry")
        for key in ("dependencies", "dev-dependencies"):
            yield from poetry_table(("tool", "poetry", key), _table(poetry, key))
        for group, table in _table(poetry, "group").items():
            here = ("tool", "poetry", "group", group, "dependencies")
            yield from poetry_table(here, _table(table, "dependencies"))

    def strings(place: Path, entries: Any) -> Iterator[_Ask]:
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            try:
                is_it = canonicalize_name(Requirement(entry).name) == wanted
            except (InvalidRequirement, TypeError):
                continue
            if is_it:
                yield _Ask((*place, number), entry, raise_requirement(entry, all_fixes, installed))

    def poetry_table(place: Path, table: Mapping[str, Any]) -> Iterator[_Ask]:
        for key, value in table.items():
            if canonicalize_name(key) != wanted:
                continue
            entries = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, entry in entries:
                here = (*place, key) if number is None else (*place, key, number)
                text = entry.get("version") if isinstance(entry, dict) else entry
                if not isinstance(text, str):
                    yield _Ask(here, "", Raised(why="is not asked for by a version"))
                    continue
                here = (*here, "version") if isinstance(entry, dict) else here
                yield _Ask(here, text, _raise_poetry(text, all_fixes, installed))

    return find


def _raise_poetry(text: str, all_fixes: Sequence[Fixes], installed: str | None) -> Raised:
    """Poetry's own ranges: `^2.0`, `~2.0`, `2.0` (exact) and `*`, besides those of PEP 440."""
    if "||" in text or "|" in text:
        return Raised(why=f"asks for {text[:80]!r}, which is not one plain range")
    if text.strip() == "*":
        return raise_specifiers("", all_fixes, installed)
    if caret := _CARET.fullmatch(text):
        operator, version, after = caret.groups()
        raised = raise_specifiers(f">={version}", all_fixes, installed)
        return raised._replace(
            text=raised.text and f"{operator}{raised.text.removeprefix('>=')}{after}"
        )
    if re.fullmatch(r"\s*\d[\w.+!*-]*\s*", text):
        raised = raise_specifiers(f"=={text.strip()}", all_fixes, installed)
        return raised._replace(
            text=raised.text and (raised.text if "," in raised.text else raised.text[2:])
        )
    return raise_specifiers(text, all_fixes, installed)


def _table(document: Any, key: str) -> Mapping[str, Any]:
    found = document.get(key) if isinstance(document, Mapping) else None
    return found if isinstance(found, dict) else {}


def _without_range(key: str) -> str:
    """The package's name without the range: `name@^1`, `@scope/name@^1`."""
    at = key.find("@", 1)
    return key if at < 0 else key[:at]
