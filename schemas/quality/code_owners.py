r"""Who owns a file by a CODEOWNERS file: the last match wins, in each of GitLab's sections.

Patterns are gitignore's with GitHub's exceptions: no `!`, no `\#`, `[` is only a bracket, case
matters, and `docs/*` does not reach into folders below.
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from schemas.quality import gitlab_owners
from schemas.quality.gitlab_owners import has_sections

MOST_BYTES = 3_000_000
"""GitHub does not read a larger file."""
_OWNER = re.compile(
    r"@[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:/[A-Za-z0-9._-]{1,100})?"
    r"|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}"
)
_MARK = "\ufeff"
"""The byte order mark that some editors put before the first line."""
_PATTERN_END = re.compile(r"(?<!\\)\s")


class OwnersRule(NamedTuple):
    """One line: a pattern and the owners of matching files; nobody owns them when it is empty.

    folders: a name includes what is in a folder of that name, as for GitHub.
    section: of GitLab, with a last match of its own. is_exclusion: what matches is in no rule
    of its section.
    """

    pattern: str
    owners: tuple[str, ...]
    section: str = ""
    folders: bool = True
    is_exclusion: bool = False


def parse_code_owners(
    text: str, *, of_gitlab: bool | None = None
) -> tuple[list[OwnersRule], list[int]]:
    """The rules in order, and the numbers of the lines that GitHub (or GitLab) would reject.

    of_gitlab: whose file it is; None: GitLab's if it has a section.
    """
    text = text.removeprefix(_MARK)
    if of_gitlab is None:
        of_gitlab = has_sections(text)
    if of_gitlab:
        lines, refused = gitlab_owners.parse(text)
        return [
            OwnersRule(line.pattern, line.owners, line.section, False, line.is_exclusion)
            for line in lines
        ], refused
    return _of_github(text)


def _of_github(text: str) -> tuple[list[OwnersRule], list[int]]:
    rules, refused = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        pattern, *rest = _PATTERN_END.split(stripped, maxsplit=1)
        words = " ".join(rest).split("#", 1)[0].split()
        if _unsupported(pattern) or not all(_OWNER.fullmatch(word) for word in words):
            refused.append(number)
            continue
        rules.append(OwnersRule(pattern.replace("\\ ", " "), tuple(words)))
    return rules, refused


def owners_of(path: str, rules: Sequence[OwnersRule]) -> tuple[str, ...]:
    """The owners by the last rule that matches, in each section; empty when nobody is named."""
    last: dict[str, tuple[str, ...]] = {}
    excluded = set()
    for rule in rules:
        if matches(rule.pattern, path, folders=rule.folders):
            if rule.is_exclusion:
                excluded.add(rule.section)
            else:
                last[rule.section] = rule.owners
    named = (name for section, names in last.items() if section not in excluded for name in names)
    return tuple(dict.fromkeys(named))


def matches(pattern: str, path: str, *, folders: bool = True) -> bool:
    """True when a path from the top of the repository matches a CODEOWNERS pattern.

    folders: a name includes what is in a folder of that name.
    Time is proportional to the product of the two lengths, whatever the pattern.
    """
    parts = path.split("/")
    wanted = _segments(pattern)
    if wanted is None or not all(parts):
        return False
    reached = {0}  # how many parts of the path are matched
    for segment in wanted[:-1]:
        if segment == "**":
            reached = set(range(min(reached), len(parts)))
        else:
            reached = {n + 1 for n in reached if n < len(parts) and _same(segment, parts[n])}
        if not reached:
            return False
    last = wanted[-1]
    if last == "**":
        return min(reached) < len(parts)
    ends = {n + 1 for n in reached if n < len(parts) and _same(last, parts[n])}
    # A name may be a folder, which includes all below it; for `docs/*` GitHub says it does not.
    return bool(ends) if folders and last != "*" else len(parts) in ends


def _unsupported(pattern: str) -> bool:
    return pattern.startswith(("!", "\\#")) or "***" in pattern


def _segments(pattern: str) -> list[str] | None:
    """The pattern's parts from the top of the repository; None when it can match nothing."""
    if not pattern.strip("/") or _unsupported(pattern):
        return None
    wanted = pattern.split("/")
    if wanted[0] == "":
        wanted = wanted[1:]
    elif len(wanted) == 1 or (len(wanted) == 2 and wanted[1] == ""):
        wanted = ["**", *wanted]  # a name alone matches at every depth
    if wanted[-1] == "":
        # `a/**/` matches every folder below `a`, so all files except those in `a` itself.
        wanted[-1:] = ["*", "**"] if wanted[-2:-1] == ["**"] else ["**"]
    return wanted


def _same(segment: str, name: str) -> bool:
    """True when one name matches one part of a pattern, with git's wildcards and escapes."""
    signs = re.findall(r"\\?.", segment, re.DOTALL)
    at = here = 0
    star, tried = -1, 0
    while here < len(name):
        sign = signs[at] if at < len(signs) else ""
        if sign == "*":
            star, tried = at, here
            at += 1
        elif sign and (sign == "?" or sign[-1] == name[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            tried += 1
            at, here = star + 1, tried
        else:
            return False
    return all(sign == "*" for sign in signs[at:])
