"""The words of an alert's name or description, and phrases of them."""

from __future__ import annotations

import re
from functools import lru_cache

GAP = "…"
"""In a phrase: up to `WIDEST_GAP` other words."""
WIDEST_GAP = 4
NUMBER = "#"
"""In a phrase: any number."""

START = "^"
"""In a phrase: the sentence begins here."""

_RUN = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(
    r"[A-Z]{2,}s(?![a-z])"  # CVEs, SLOs
    r"|[A-Z]+(?=[A-Z][a-z])"  # API of APIInstance
    r"|[A-Z]?[a-z]+|[A-Z]+|[0-9]+"
)
_END = re.compile(r"[.!?;]+(?=\s|$)|\n+")
_NO = "no|not|without|never"
_NEGATED = re.compile(rf" (?:{_NO})(?: an?| any| the)?$")


def words_of(text: str) -> list[str]:
    """The words in lower case, split at camel case, digits, `_`, `-` and everything else.

    `KubeAPIInstanceDown` has kube, api, instance, down.
    """
    runs = _RUN.findall(text)
    parts = (_CAMEL.findall(run) if run.isascii() else [run] for run in runs)
    return [word.lower() for part in parts for word in part]


def sentences_of(text: str) -> list[str]:
    """Each sentence as its words with one space before and after each, for `find_phrase`."""
    parts = (words_of(part) for part in _END.split(text))
    return [f" {' '.join(words)} " for words in parts if words]


def find_phrase(phrase: str, sentence: str) -> str | None:
    """The phrase as the sentence has it, without the words of its gaps; None when it has not.

    phrase: words with one space between them; `a|b` is either word; `…` a gap, `#` a number, `^`
    the beginning. What a "no" or "not" stands before, or within, is not there.
    """
    for found in _pattern(phrase).finditer(sentence):
        if not _NEGATED.search(sentence[: found.start()]):
            # Only a gap begins with a space, or is empty.
            parts = (GAP if part.startswith(" ") else part for part in found.groups())
            return " ".join(part for part in parts if part)
    return None


@lru_cache(maxsize=2048)
def _pattern(phrase: str) -> re.Pattern[str]:
    """Each word and each gap is a group."""
    parts = []
    for part in phrase.split(" "):
        if part == START:
            parts.append("^")
        elif part == GAP:
            parts.append(rf"((?: (?!(?:{_NO}) )\w+){{0,{WIDEST_GAP}}})")
        elif part == NUMBER:
            parts.append(r" ([0-9]+)")
        else:
            parts.append(f" ({'|'.join(map(re.escape, part.split('|')))})")
    return re.compile("".join(parts) + "(?= )")
