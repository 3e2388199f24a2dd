"""What the record says, as the review's flow found it: sections of lines for pages and exports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from schemas.review import Facts

TITLES = {
    "times": "Times",
    "change": "The change that was live",
    "gates": "The gates that let it through",
    "automation": "What the automation did",
    "people": "What people did",
    "similar": "Similar incidents before",
    "summary": "A summary, as the record has it",
    "impact": "The impact, as the record has it",
    "timeline": "Timeline",
}
"""By the section's name, in the order in which they are shown; others come after them."""
_TEXT, _AT, _BY = ("text", "said", "action", "title"), ("at", "timestamp"), ("by", "actor")
_ENTRY, _ADDRESS = ("entry", "seq"), ("url", "address")
INCIDENTS = "/incidents/"
_IS_ADDRESS = re.compile(rf"(?:https?://|{INCIDENTS})[^\s<>\"\\]*")
"""With nothing that ends it in Markdown's `<…>` or in HTML."""
_NOTHING: tuple[JsonValue, ...] = (None, "", [], {})
_KNOWN = frozenset({*_TEXT, *_AT, *_BY, *_ENTRY, *_ADDRESS})


class Line(NamedTuple):
    """One line of a section.

    entry: the number of its entry in the audit log; 0: it has none. address: where more of it is.
    """

    text: str
    at: datetime | None = None
    by: str = ""
    entry: int = 0
    address: str = ""


class Part(NamedTuple):
    """One section. name: as in the facts."""

    name: str
    title: str
    lines: list[Line]


def parts_of(facts: Facts) -> list[Part]:
    """Every section of the facts that says something, and what was not seen."""
    names = [*TITLES, *(name for name in facts.sections if name not in TITLES)]
    found = [
        Part(name, TITLES.get(name) or _words(name), list(_lines(value)))
        for name in names
        if (value := facts.sections.get(name))
    ]
    not_seen = [Line(each) for each in facts.not_seen]
    return [each for each in [*found, Part("not-seen", "Not seen", not_seen)] if each.lines]


def proposed(question: str, facts: Facts) -> str:
    """What the record would say to a question; empty: nothing."""
    return "\n".join(each.text for each in _lines(facts.sections.get(question)))


def _lines(value: JsonValue) -> Iterator[Line]:
    """A line for each of a list, and for each field of an object; what is empty has none."""
    if value in _NOTHING:
        return
    match value:
        case list():
            for each in value:
                yield from _one(each) if isinstance(each, dict) else _lines(each)
        case dict():
            for name, each in value.items():
                if text := _said(each):
                    yield Line(f"{_words(name)}: {text}", _moment(each), address=_web(each))
        case _:
            yield Line(_said(value))


def _one(value: Mapping[str, JsonValue]) -> Iterator[Line]:
    """An object of a list: its sentence with its moment, its actor and its entry."""
    text = str(_first(value, _TEXT) or "")
    rest = [
        f"{_words(name)}: {said}"
        for name, each in value.items()
        if name not in _KNOWN and (said := _said(each))
    ]
    if said := "; ".join(filter(None, [text, *rest])):
        entry = _first(value, _ENTRY)
        yield Line(
            text=said,
            at=_moment(_first(value, _AT)),
            by=str(_first(value, _BY) or ""),
            entry=entry if isinstance(entry, int) else 0,
            address=_web(_first(value, _ADDRESS)),
        )


def _first(value: Mapping[str, JsonValue], names: Sequence[str]) -> JsonValue:
    return next((value[name] for name in names if value.get(name)), None)


def _said(value: JsonValue) -> str:
    """A value in words; empty for what says nothing."""
    if value in _NOTHING:
        return ""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(filter(None, map(_said, value)))
        case dict():
            said = ((_words(name), _said(each)) for name, each in value.items())
            return "; ".join(f"{name}: {each}" for name, each in said if each)
        case _:
            return str(value)


def _moment(value: JsonValue) -> datetime | None:
    """A moment in ISO 8601 with its zone; None for everything else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _web(value: JsonValue) -> str:
    """An address of the web or of an incident here; another kind could run something: empty."""
    return value if isinstance(value, str) and _IS_ADDRESS.fullmatch(value) else ""


def _words(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").capitalize()
