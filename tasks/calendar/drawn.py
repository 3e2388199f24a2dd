"""What the reviews by the calendar are made of."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from schemas.calendar import Line, Section
from schemas.escalation import length
from schemas.incident import Incident
from tasks.base.trim import trim

MOST_LINES = 200
"""Of a section; of more it is said that they were left out."""
LONGEST = 200


class Drawn(NamedTuple):
    """said: in one sentence, for the audit log and the message. not_seen: see CalendarReview."""

    sections: tuple[Section, ...]
    said: str
    not_seen: tuple[str, ...] = ()


def in_days(span: timedelta) -> str:
    """A duration for people: `7 days` where it is whole days."""
    days, rest = divmod(span, timedelta(days=1))
    return length(span) if rest or not days else f"{days} {'day' if days == 1 else 'days'}"


def line_of(incident: Incident, more: str = "") -> Line:
    """The incident in a line, as everybody in a channel may read it."""
    text = f"{incident.title}{': ' if more else ''}{more}"
    return Line(text=trim(text, LONGEST), incident=incident.number or None)


def section(title: str, lines: list[Line], nothing: str = "None.") -> Section:
    """With its first lines, and how many there are more."""
    shown = lines[:MOST_LINES]
    if more := len(lines) - len(shown):
        shown = [*shown, Line(text=f"and {more} more")]
    return Section(title=title, lines=tuple(shown), nothing=nothing)


def trend(
    title: str, now: Counter[str], before: Counter[str], nothing: str, *, unanswered: int = 0
) -> Section:
    """How often each was, beside how often it was in the period before; the most frequent first.

    unanswered: of how many nobody has said it yet: they may be of any.
    """
    names = sorted({*now, *before} - {""}, key=lambda each: (-now[each], -before[each], each))
    lines = [Line(text=f"{trim(name, LONGEST)}: {now[name]} (before: {before[name]})")
             for name in names]  # fmt: skip
    unknown = now[""]
    if lines and unknown:
        lines.append(Line(text=f"not known: {unknown}"))
    if unanswered:
        lines.append(Line(text=f"not answered yet in its review: {unanswered}"))
    return section(title, lines, nothing)
