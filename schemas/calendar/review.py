"""A review by the calendar: what was drawn up, who attended, what they decided."""

from __future__ import annotations

from pydantic import Field

from schemas.calendar.period import Kind
from schemas.model import Model, UtcDatetime

MOST_PEOPLE = 100
LONGEST_DECISION = 20_000


class Line(Model):
    """incident: the short number of the one that it is about, which leads to its page."""

    text: str
    incident: int | None = None


class Section(Model):
    """nothing: what is said when there are no lines: what was looked at, and found empty."""

    title: str
    lines: tuple[Line, ...] = ()
    nothing: str = "nothing"


class Attended(Model):
    """people: names, by the word of the actor, as on record. decided: in Markdown; may be empty."""

    people: tuple[str, ...] = Field(min_length=1, max_length=MOST_PEOPLE)
    decided: str = Field(default="", max_length=LONGEST_DECISION)
    actor: str
    at: UtcDatetime


class CalendarReview(Model):
    """One of a kind for each period. not_seen: what was not looked at, and how a person does."""

    kind: Kind
    period: str
    begin: UtcDatetime
    end: UtcDatetime
    drawn_at: UtcDatetime
    sections: tuple[Section, ...] = ()
    not_seen: tuple[str, ...] = ()
    attended: tuple[Attended, ...] = ()

    @property
    def incidents(self) -> set[int]:
        """The numbers of the incidents that it names."""
        lines = (line for section in self.sections for line in section.lines)
        return {line.incident for line in lines if line.incident is not None}

    @property
    def title(self) -> str:
        """`monthly review 2026-11`."""
        if self.kind is Kind.WARNINGS:
            return f"formal review of repeated warnings {self.period}"
        return f"{self.kind.value} review {self.period}"
