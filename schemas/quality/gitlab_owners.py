"""CODEOWNERS as GitLab reads it: sections, each with its own last match, and default owners.

A pattern is matched as Ruby's `File.fnmatch` does: at every depth unless it begins with `/`; a
name is a file, and only `name/` a folder with all that is in it.
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEADING = re.compile(
    r"\^?\[(?P<name>[^\]\[]{1,255})\](?:\[\d{0,3}\])?(?:\s+(?P<owners>\S.*))?", re.ASCII
)
"""`[Name]`, `^[Name]` (optional), `[Name][2]` (approvals), with default owners."""
_OWNER = re.compile(
    r"@@?[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){0,20}"
    r"|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}"
)
"""A user, a group within groups, a role (`@@maintainers`), an e-mail address."""
_PATTERN_END = re.compile(r"(?<!\\)\s")


class Line(NamedTuple):
    """One rule: a pattern as `matches` takes it, without the files of a folder of that name."""

    pattern: str
    owners: tuple[str, ...]
    section: str
    is_exclusion: bool


def has_sections(text: str) -> bool:
    """True when a line is a section's heading, which GitHub does not know."""
    return any(HEADING.fullmatch(line.strip()) for line in text.split("\n"))


def parse(text: str) -> tuple[list[Line], list[int]]:
    """The rules in order, and the numbers of the lines that have none.

    Without owners of its own, a rule has those of its heading. A word that is no owner is left
    out, and so is a `#` in a line: GitLab knows no comment behind a rule.
    """
    rules, refused = [], []
    section, default = "", _owners("")
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        heading = HEADING.fullmatch(stripped)
        if heading:
            # Sections of the same name are one, whatever the case.
            section, default = heading["name"].strip().lower(), _owners(heading["owners"] or "")
            continue
        given, *rest = _PATTERN_END.split(stripped, maxsplit=1)
        pattern = _pattern(given.removeprefix("!"))
        if pattern is None:
            refused.append(number)
            continue
        words = " ".join(rest)
        owners = _owners(words) if words.split("#", 1)[0].strip() else _owners(words) or default
        rules.append(Line(pattern, owners, section, given.startswith("!")))
    return rules, refused


def _owners(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words.split() if _OWNER.fullmatch(word)))


def _pattern(given: str) -> str | None:
    """The pattern from the top of the repository; None for one that can match nothing."""
    pattern = given.replace("\\ ", " ")
    if pattern.startswith("\\#"):
        pattern = pattern[1:]
    if not pattern.strip("/") or "***" in pattern:
        return None
    if pattern == "*":
        return "**/*"
    if pattern.endswith("/"):
        pattern += "**"
    elif pattern.endswith("/**"):
        pattern = pattern.removesuffix("*")  # without a `/` behind it, as `*`
    return pattern.lstrip("/") if pattern.startswith("/") else f"**/{pattern}"
