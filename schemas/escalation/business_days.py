"""Business days as data: which days, in which time zone, from what time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_DAYS = 3660
"""So many days are looked at: ten years of holidays are a mistake."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone: write one like Europe/Berlin") from None
    return name


class BusinessDays(BaseModel):
    """`[business_days]`. holidays: days on which nobody works. opens: in `time_zone`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS[:5]
    holidays: tuple[date, ...] = ()
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    opens: time = time(9)

    def is_open(self, day: date) -> bool:
        """True on a business day."""
        return WEEKDAYS[day.weekday()] in self.days and day not in self.holidays

    def after(self, moment: datetime, count: int = 1) -> datetime:
        """The opening of the `count`-th business day after the local day of `moment`, in UTC."""
        zone = ZoneInfo(self.time_zone)
        day = moment.astimezone(zone).date()
        for _ in range(MOST_DAYS):
            day += timedelta(days=1)
            count -= self.is_open(day)
            if count <= 0:
                break
        return datetime.combine(day, self.opens.replace(tzinfo=None), zone).astimezone(UTC)
