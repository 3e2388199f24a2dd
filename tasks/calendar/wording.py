"""A review by the calendar in words: as Markdown, and as a message."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.calendar import CalendarReview, Line
from schemas.settings import Settings

MOST_IN_A_MESSAGE = 10
"""Lines of the first section; the page has all."""


def address_of(review: CalendarReview, settings: Settings) -> str:
    """Where its page is."""
    return f"{settings.base_url}/calendar/{review.kind.value}/{review.period}"


def markdown(review: CalendarReview, settings: Settings) -> str:
    """All of it."""
    return "\n".join(_markdown(review, settings)) + "\n"


def brief(review: CalendarReview, said: str, settings: Settings) -> str:
    """For Slack: what it is about, the first lines, where the rest is, and what to do with it."""
    lines = [f"{_capital(review.title)}: {said}."]
    first = next((each for each in review.sections if each.lines), None)
    if first is not None:
        lines.append(f"{first.title}:")
        lines += [f"- {each.text}" for each in first.lines[:MOST_IN_A_MESSAGE]]
        if more := max(0, len(first.lines) - MOST_IN_A_MESSAGE):
            lines.append(f"- and {more} more")
    lines.append(f"{address_of(review, settings)}: read it, and say who attended.")
    return "\n".join(lines)


def _markdown(review: CalendarReview, settings: Settings) -> Iterator[str]:
    yield f"# {_capital(review.title)}"
    yield (
        f"\n{review.begin:%Y-%m-%d %H:%M} to {review.end:%Y-%m-%d %H:%M} UTC, drawn up"
        f" {review.drawn_at:%Y-%m-%d %H:%M} UTC. {address_of(review, settings)}"
    )
    for section in review.sections:
        yield f"\n## {section.title}\n"
        yield from (f"- {_line(each, settings)}" for each in section.lines)
        if not section.lines:
            yield section.nothing
    if review.not_seen:
        yield "\n## Not looked at: a person has to\n"
        yield from (f"- {each}" for each in review.not_seen)
    yield "\n## Who attended\n"
    for said in review.attended:
        yield f"- {said.at:%Y-%m-%d %H:%M} UTC, by {said.actor}: {', '.join(said.people)}"
        if said.decided:
            yield f"\n{said.decided}\n"
    if not review.attended:
        yield "Nobody has said so yet."


def _line(line: Line, settings: Settings) -> str:
    text = "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in line.text)
    if line.incident is None:
        return text
    return f"{text} ([#{line.incident}]({settings.base_url}/incidents/{line.incident}))"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
