"""Raises a package in requirements files and requirement strings, changing nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from tasks.patch.manifests.fixed_version import Fixes, candidates, is_mended, python_version

_HEAD = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?")
_CLAUSE = re.compile(r"(===|==|~=|>=|<=|!=|<|>)(\s*)([^\s,;)]+)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPTION = re.compile(r"\s--?[A-Za-z]")


class Raised(NamedTuple):
    """The result for one requirement: its new text, or why it stays. Both None: it is fine."""

    text: str | None = None
    why: str | None = None


class Edit(NamedTuple):
    """The result for one file: its new text, each (before, after), and why some lines stay."""

    text: str
    changes: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    asks: int = 0
    """How many requirements name the package."""


def raise_requirements(
    text: str, name: str, all_fixes: Sequence[Fixes], installed: str | None
) -> Edit:
    """Raise the package in a requirements file; every other byte stays."""
    lines = text.splitlines(keepends=True)
    changes: list[tuple[str, str]] = []
    reasons: list[str] = []
    asks = number = 0
    while number < len(lines):
        first, logical = number, lines[number]
        while logical.rstrip("\r\n").endswith("\\") and number + 1 < len(lines):
            number += 1
            logical += lines[number]
        number += 1
        found = _requirement(logical)
        if found is None or canonicalize_name(found[1].name) != canonicalize_name(name):
            continue
        asks += 1
        place = f"line {first + 1}"
        plain = found[0]
        if "--hash" in logical:
            reasons.append(f"{place} has a --hash, which only a new download can give")
        elif number - first > 1:
            reasons.append(f"{place} goes on over several lines")
        else:
            raised = raise_requirement(plain, all_fixes, installed)
            if raised.why:
                reasons.append(f"{place} {raised.why}")
            elif raised.text:
                changes.append((plain.strip(), raised.text.strip()))
                lines[first] = logical.replace(plain, raised.text, 1)
    return Edit("".join(lines), tuple(changes), tuple(reasons), asks)


def _requirement(logical: str) -> tuple[str, Requirement] | None:
    """The requirement in a line, as text and parsed; None for options, comments and URLs."""
    unfolded = re.sub(r"\\\r?\n", " ", logical).removeprefix("\ufeff")  # Windows' byte order mark
    if unfolded.lstrip().startswith(("-", "#")):
        return None
    plain = _OPTION.split(_COMMENT.sub("", unfolded.rstrip("\r\n")), maxsplit=1)[0].rstrip()
    try:
        return plain, Requirement(plain)
    except InvalidRequirement:
        return None


def raise_requirement(text: str, all_fixes: Sequence[Fixes], installed: str | None) -> Raised:
    """Raise a requirement (PEP 508), keeping its operators, extras, marker and spaces."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return Raised(why="cannot be read")
    if requirement.url:
        return Raised(why="is taken from an address, not by a version")
    head = _HEAD.match(text)
    if head is None:
        return Raised(why="cannot be read")
    marker = text.find(";", head.end())
    end = marker if marker >= 0 else len(text)
    raised = raise_specifiers(text[head.end() : end], all_fixes, installed)
    if raised.text is None:
        return raised
    return Raised(text[: head.end()] + raised.text + text[end:])


def raise_specifiers(text: str, all_fixes: Sequence[Fixes], installed: str | None) -> Raised:
    """Raise version specifiers (PEP 440): `>=2.0,<3` becomes `>=2.31.1,<3`."""
    try:
        present = SpecifierSet(text.strip().removeprefix("(").removesuffix(")"))
    except InvalidSpecifier:
        return Raised(why="has a version that cannot be read")
    pin, lowest = _pinned(present), _lower_bound(present)
    reported = python_version(installed or "")
    if (at_least := pin or lowest) and all(is_mended(at_least, f, reported) for f in all_fixes):
        return Raised()
    known = pin or reported or lowest
    why = "asks for a version that no fixed version follows"
    for version in candidates(all_fixes, known):
        changed = _with(text, version)
        try:
            wanted = SpecifierSet(changed.strip().removeprefix("(").removesuffix(")"))
        except InvalidSpecifier:
            continue
        if wanted.contains(version, prereleases=True):
            return Raised(changed)
        if why.startswith("asks"):
            why = f"asks for {text.strip()}, which leaves out the fixed version {version}"
    return Raised(why=why)


def _with(text: str, version: Any) -> str:
    """The specifiers with this version as the exact or the minimum one."""
    raised = False

    def clause(match: re.Match[str]) -> str:
        nonlocal raised
        operator, space, before = match.groups()
        if before.endswith(".*") and SpecifierSet(f"=={before}").contains(version):
            return match.group()
        if operator in ("==", "===", "~=", ">=", ">"):
            raised = True
            operator = ">=" if operator == ">" else operator
            release = str(version)
            if operator == "~=" and len(version.release) < 2:
                release += ".0"
            return f"{operator}{space}{release}"
        return match.group()

    changed = _CLAUSE.sub(clause, text)
    if raised:
        return changed
    if not text.strip():
        return f">={version}" + (" " if text else "")
    at = len(text) - len(text.lstrip(" ("))
    return f"{text[:at]}>={version},{text[at:]}"


def _pinned(specifiers: SpecifierSet) -> Any | None:
    """The version of an exact pin; None for a range."""
    for each in specifiers:
        if each.operator in ("==", "===") and not each.version.endswith(".*"):
            return python_version(each.version)
    return None


def _lower_bound(specifiers: SpecifierSet) -> Any | None:
    found = [
        version
        for each in specifiers
        if each.operator in ("~=", ">=", ">", "==")
        if (version := python_version(each.version.removesuffix(".*"))) is not None
    ]
    return max(found, default=None)
