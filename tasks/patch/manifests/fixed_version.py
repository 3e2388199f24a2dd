"""Chooses the version to upgrade to: the smallest one that fixes every finding of a package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from packaging.version import InvalidVersion
from packaging.version import Version as PythonVersion
from semver import Version as NpmVersion

Parse = Callable[[str], Any]
"""Parses a version; None when the text is not one."""


def python_version(text: str) -> PythonVersion | None:
    """A version by PyPI's rules (PEP 440)."""
    try:
        return PythonVersion(text.strip())
    except InvalidVersion:
        return None


def npm_version(text: str) -> NpmVersion | None:
    """A version by the rules of semver.org; npm also allows a leading `v` or `=`."""
    try:
        found = NpmVersion.parse(text.strip().lstrip("v="))
    except ValueError:
        return None
    return found.replace(build=None)


class Fixes(NamedTuple):
    """The versions that fix one finding, smallest first; unreadable ones are left out."""

    finding: str
    fixed: tuple[Any, ...]


def fixes_of(finding: str, fixed: Iterable[str], parse: Parse) -> Fixes:
    """Parse a scanner's list of fixed versions."""
    found = {version for text in fixed if (version := parse(text)) is not None}
    return Fixes(finding, tuple(sorted(found)))


def is_mended(version: Any, fixes: Fixes, installed: Any | None) -> bool:
    """True when this version has the fix, as far as a list of fixed versions shows.

    An advisory lists one fixed version per release line: 4.1.13 and 4.2.7. A version is compared
    with the one of its own line; if its line has none, it must be newer than all of them.
    installed: known to be vulnerable, like every older version.
    """
    if version in fixes.fixed:
        return True
    if not fixes.fixed or (installed is not None and version <= installed):
        return False
    minor = [
        each
        for each in fixes.fixed
        if (each.major, each.minor) == (version.major, version.minor)
        and (installed is None or each > installed)
    ]
    if minor:
        return bool(version > minor[0])
    major = [each for each in fixes.fixed if each.major == version.major]
    return bool(version > (major or fixes.fixed)[-1])


def candidates(all_fixes: Sequence[Fixes], installed: Any | None) -> Iterator[Any]:
    """Versions that fix every finding, smallest first.

    installed: if unknown, its release line is unknown too, and only the newest fix is certain.
    """
    offered = sorted({version for fixes in all_fixes for version in fixes.fixed})
    if installed is None:
        yield from ([each for each in offered if is_stable(each)] or offered)[-1:]
        return
    for version in offered:
        if (
            version > installed
            and (is_stable(version) or not is_stable(installed))
            and all(is_mended(version, fixes, installed) for fixes in all_fixes)
        ):
            yield version


def is_stable(version: Any) -> bool:
    """False for 2.0rc1, 2.0.0-beta.1 and the like."""
    if isinstance(version, PythonVersion):
        return not version.is_prerelease
    return not version.prerelease
