"""Changes one string in a JSON or TOML file, and no other byte."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]
"""The path of a value in the document."""

MOST_PLACES = 300
"""The most places to try, as each takes a parse of the file."""


def replace_literal(
    text: str, place: Path, new: str, parse: Callable[[str], Any], quotes: str
) -> str | None:
    """The text with the string at this path replaced; None when it is not found.

    Each occurrence of the old string is tried, until the parsed file differs from before in
    exactly this value.
    """
    document = parse(text)
    old = value_at(document, place)
    wanted = copy.deepcopy(document)
    value_at(wanted, place[:-1])[place[-1]] = new
    for tried, (start, end, literal) in enumerate(_places(text, old, new, quotes)):
        if tried >= MOST_PLACES:
            return None
        changed = text[:start] + literal + text[end:]
        try:
            if parse(changed) == wanted:
                return changed
        except ValueError:
            continue
    return None


def value_at(document: Any, place: Path) -> Any:
    """The value at this path."""
    for part in place:
        document = document[part]
    return document


def _places(text: str, old: str, new: str, quotes: str) -> Iterator[tuple[int, int, str]]:
    for quote in quotes:
        before, after = _literal(old, quote), _literal(new, quote)
        start = text.find(before)
        while start >= 0:
            yield start, start + len(before), after
            start = text.find(before, start + 1)


def _literal(value: str, quote: str) -> str:
    if quote == '"':
        return json.dumps(value, ensure_ascii=False)
    return f"{quote}{value}{quote}"
