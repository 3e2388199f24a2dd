"""Leaked secrets: what a scanner for secrets finds is at least P2, and is named without it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from schemas.incident import Severity

LEAST_OF_LEAKS = Severity.P2
"""As GitHub's own secret scanning: whoever has read the code has the key."""

_SCANNERS = re.compile(
    r"gitleaks|trufflehog|git-?guardian|ggshield|detect-?secrets|nosey ?parker|git-secrets|"
    r"secret[ _-]?(?:scan|detect)|whispers|kingfisher",
    re.IGNORECASE,
)
_KINDS = {"secret", "secrets", "leak", "leaked-secret"}
"""What other scanners (Trivy, Semgrep) call such a rule in its tags or its category."""

_WORD = re.compile(r"[A-Za-z][A-Za-z-]{0,24}[:.,]?")
_QUOTED = re.compile(r"[\"'`]([^\"'`]{3,})[\"'`]|[=:]\s*([^\s\"'`,;]{3,})")
_MOST_TEXT = 2_000
_BY_CHANCE = 3


def is_leak(tool: str, kinds: Iterable[str] = ()) -> bool:
    """True when this tool looks for secrets only, or the rule's tags say that it found one."""
    return bool(_SCANNERS.search(tool[:200])) or any(
        kind.strip().lower() in _KINDS for kind in kinds
    )


def at_least_leak(severity: Severity) -> Severity:
    """The severity of a leaked secret: what the scanner says, and P2 at least."""
    return min(severity, LEAST_OF_LEAKS)


def leak_name(message: str, tool: str, hidden: Iterable[str] = ()) -> str:
    """A name for a leak whose rule is not named: its message's plain words, else the tool's name.

    hidden: the code and the secret as the scanner quotes them. A word of the message that is
    in them, or looks like no word, may be the secret, and is left out.
    """
    values = [value for each in hidden for value in _values(each[:_MOST_TEXT])]
    words = [
        word
        for word in message[:_MOST_TEXT].split()
        if _WORD.fullmatch(word) and not _is_in(word.rstrip(":.,"), values)
    ]
    return " ".join(words)[:200].rstrip(":.,") or f"secret found by {tool}"


def _is_in(word: str, values: Sequence[str]) -> bool:
    """True when the word may be of a secret; `is` and `in` are in many by chance."""
    return any(word in value if len(word) > _BY_CHANCE else word == value for value in values)


def _values(quoted: str) -> list[str]:
    """What stands in quotes or after `=` and `:`; all of it where nothing does."""
    return [one or other for one, other in _QUOTED.findall(quoted)] or [quoted]
