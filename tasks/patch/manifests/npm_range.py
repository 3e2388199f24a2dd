"""Raises an npm version range: `^1.2.3` becomes `^1.2.6`, and so on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tasks.patch.manifests.fixed_version import Fixes, candidates, is_mended, npm_version
from tasks.patch.manifests.python_requirements import Raised

_SINGLE = re.compile(
    r"(\s*)(\^|~|>=|>|=|)(\s*v?)(\d+(?:\.(?:\d+|[xX*])){0,2}(?:-[0-9A-Za-z.-]+)?)(\s*)"
)
_BOUNDED = re.compile(r"(\s*>=?\s*)(\d+(?:\.\d+){0,2})(\s+<\s*(\d+(?:\.\d+){0,2}))(\s*)")
_ANYTHING = ("", "*", "x", "X", "latest")


def raise_range(text: str, all_fixes: Sequence[Fixes], installed: str | None) -> Raised:
    """Raise the range, keeping its operator.

    Ranges of several parts (`1.x || 2.x`), tags and URLs stay, with the reason.
    """
    reported = npm_version(installed or "")
    if text.strip() in _ANYTHING:
        version = next(candidates(all_fixes, reported), None)
        return Raised(f">={version}") if version else Raised(why=_none_follows(text))
    if single := _SINGLE.fullmatch(text):
        return _single(text, single, all_fixes, reported)
    if bounded := _BOUNDED.fullmatch(text):
        return _bounded(text, bounded, all_fixes, reported)
    return Raised(why=f"asks for {text.strip()[:80]!r}, which is not one plain range")


def _single(
    text: str, match: re.Match[str], all_fixes: Sequence[Fixes], reported: Any | None
) -> Raised:
    before, operator, space, wanted, after = match.groups()
    is_exact = operator in ("", "=") and npm_version(wanted) is not None
    lowest = _completed(wanted)
    if all(is_mended(lowest, fixes, reported) for fixes in all_fixes):
        return Raised()
    known = lowest if is_exact else reported or lowest
    version = next(candidates(all_fixes, known), None)
    if version is None:
        return Raised(why=_none_follows(text))
    if operator in ("", "=") and not is_exact:  # 1.x and 1.2.x are other words for ^ and ~
        numbers = [part for part in wanted.split(".") if part.isdigit()]
        operator, space = ("^" if len(numbers) == 1 else "~"), ""
    operator = ">=" if operator == ">" else operator
    return Raised(f"{before}{operator}{space}{version}{after}")


def _bounded(
    text: str, match: re.Match[str], all_fixes: Sequence[Fixes], reported: Any | None
) -> Raised:
    operator, wanted, rest, below, after = match.groups()
    lowest, bound = _completed(wanted), _completed(below)
    if all(is_mended(lowest, fixes, reported) for fixes in all_fixes):
        return Raised()
    why = _none_follows(text)
    for version in candidates(all_fixes, reported or lowest):
        if version < bound:
            operator = operator if "=" in operator else operator.replace(">", ">=")
            return Raised(f"{operator}{version}{rest}{after}")
        why = f"asks for {text.strip()}, which leaves out the fixed version {version}"
        break
    return Raised(why=why)


def _completed(text: str) -> Any:
    """The full version: 1 and 1.x become 1.0.0."""
    core, dash, rest = text.partition("-")
    numbers = [part if part.isdigit() else "0" for part in core.split(".")]
    return npm_version(".".join([*numbers, "0", "0"][:3]) + dash + rest) or npm_version("0.0.0")


def _none_follows(text: str) -> str:
    return f"asks for {text.strip()[:80]!r}, and no fixed version is newer"
