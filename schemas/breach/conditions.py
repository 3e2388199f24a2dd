"""When a legal deadline starts, how long it is, and whether it applies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from schemas.breach.calendar_rules import months_after, nth_business_day

SUBMITTED, LATEST_SUBMITTED = "submitted:", "latest-submitted:"
"""The clock starts with the first, or the latest, submission of another of its deadlines."""
STARTS = ("aware", "discovered", "classified-major", "materiality", "causal-link")
"""Different events start different clocks: each has a timestamp of its own."""


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]


Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


Facts = Mapping[str, bool | int]
"""Facts about the breach: `people`, `residents`, `high-risk`, `death`, `widespread`."""


YES_OR_NO = ("high-risk", "death", "widespread", "malicious", "cross-border")


NUMBERS = ("people", "residents", "records")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Condition(_Data):
    """A condition on one fact: it is true, or, for a number, `at_least` this many."""

    fact: str
    at_least: int | None = Field(default=None, ge=0)
    text: Text

    @model_validator(mode="after")
    def _known(self) -> Self:
        names = YES_OR_NO if self.at_least is None else NUMBERS
        if self.fact not in names:
            raise ValueError(f"fact must be one of {', '.join(names)}")
        return self

    def holds(self, facts: Facts) -> bool | None:
        """True or false; None when the fact is not known."""
        value = facts.get(self.fact)
        if value is None:
            return None
        return bool(value) if self.at_least is None else value >= self.at_least


class Limit(_Data):
    """A length of time after the event `after`: one of the five kinds. Clocks run in UTC.

    months: calendar months, to the same day of the month, or its last day if there is none.
    business_days: without weekends and US federal holidays, until `closes` in `zone`.
    at_once: without undue delay; no fixed time, it is due as soon as it starts.
    when: the limit applies only when this condition is known to hold.
    """

    after: str
    hours: int | None = Field(default=None, gt=0, le=100_000)
    days: int | None = Field(default=None, gt=0, le=10_000)
    months: int | None = Field(default=None, gt=0, le=120)
    business_days: int | None = Field(default=None, gt=0, le=250)
    at_once: bool = False
    zone: str = "America/New_York"
    closes: time = time(17, 30)
    when: Condition | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = (self.hours, self.days, self.months, self.business_days, self.at_once or None)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("give exactly one of hours, days, months, business_days, at_once")
        if self.after not in STARTS and not self.after.startswith((SUBMITTED, LATEST_SUBMITTED)):
            raise ValueError(f"'after' must be one of {', '.join(STARTS)} or submitted:DEADLINE")
        return self

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone such as America/New_York") from None
        return zone

    @property
    def length(self) -> str:
        """The length in words."""
        if self.at_once:
            return "without undue delay"
        kinds = {
            "hour": self.hours,
            "calendar day": self.days,
            "calendar month": self.months,
            "business day": self.business_days,
        }
        unit, count = next((unit, count) for unit, count in kinds.items() if count is not None)
        return f"{count} {unit}{'' if count == 1 else 's'}"

    def due(self, start: datetime, holidays: Iterable[date] = ()) -> datetime | None:
        """When the time is over; None when it is due at once."""
        if self.hours is not None:
            return start + timedelta(hours=self.hours)
        if self.days is not None:
            return start + timedelta(days=self.days)
        if self.months is not None:
            return months_after(start, self.months)
        if self.business_days is not None:
            return nth_business_day(
                start, self.business_days, ZoneInfo(self.zone), self.closes, frozenset(holidays)
            )
        return None
