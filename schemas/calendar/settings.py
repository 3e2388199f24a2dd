"""`[calendar]`: when reviews are drawn up, and what counts as repeated warnings."""

from __future__ import annotations

from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """1 is Monday, as cron counts."""
        return [*Weekday].index(self) + 1


class CalendarSettings(BaseModel):
    """at: local time of day in `timezone`. weekday: of the weekly one. day: of the month, of the
    monthly one and of the quarterly one in January, April, July and October.

    weekly, monthly, quarterly: false: only when it is asked for.
    repeated: so many warnings of one kind within `repeated_within` seconds open a formal review
    (REQ-010-13 of PRD-STD-010); 0: never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    timezone: str = "UTC"
    at: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    weekday: Weekday = Weekday.MONDAY
    day: int = Field(default=1, ge=1, le=28)
    weekly: bool = True
    monthly: bool = True
    quarterly: bool = True
    repeated: int = Field(default=3, ge=0, le=1000)
    repeated_within: float = Field(default=604_800.0, gt=0)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("must be a time zone such as Europe/Berlin")
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)
