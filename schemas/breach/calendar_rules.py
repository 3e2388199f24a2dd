"""How legal periods are counted: calendar months, business days, US federal holidays."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

SATURDAY, SUNDAY = 5, 6
MONDAY, THURSDAY = 0, 3
_DAY = timedelta(days=1)

FIXED_HOLIDAYS = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
"""Month and day; observed on Friday when it is a Saturday, on Monday when it is a Sunday."""
WEEKDAY_HOLIDAYS = (
    (1, MONDAY, 3),
    (2, MONDAY, 3),
    (5, MONDAY, -1),
    (9, MONDAY, 1),
    (10, MONDAY, 2),
    (11, THURSDAY, 4),
)
"""Month, weekday, which one in the month; -1 is the last. All: 5 U.S.C. 6103(a)."""


def months_after(start: datetime, months: int) -> datetime:
    """The same day and time `months` later; the month's last day where there is no such day."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    day = min(start.day, monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day)


def nth_business_day(
    start: datetime, count: int, zone: ZoneInfo, closes: time, holidays: AbstractSet[date]
) -> datetime:
    """The close of the `count`-th business day after `start`'s local day, in UTC."""
    day = start.astimezone(zone).date()
    while count:
        day += _DAY
        if is_business_day(day, holidays):
            count -= 1
    return datetime.combine(day, closes, zone).astimezone(UTC)


def is_business_day(day: date, holidays: AbstractSet[date] = frozenset()) -> bool:
    """False on weekends, US federal holidays, and the given days."""
    return (
        day.weekday() not in (SATURDAY, SUNDAY)
        and day not in federal_holidays(day.year)
        and day not in holidays
    )


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """The days on which US federal holidays of this year, or the next New Year, are observed."""
    fixed = [date(year, month, day) for month, day in FIXED_HOLIDAYS]
    fixed.append(date(year + 1, 1, 1))  # a Saturday is observed on 31 December
    moving = [_weekday_of(year, *rule) for rule in WEEKDAY_HOLIDAYS]
    return frozenset([*(_kept(day) for day in fixed), *moving])


def _kept(day: date) -> date:
    if day.weekday() == SATURDAY:
        return day - _DAY
    return day + _DAY if day.weekday() == SUNDAY else day


def _weekday_of(year: int, month: int, weekday: int, which: int) -> date:
    days = [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]
    fitting = [day for day in days if day.weekday() == weekday]
    return fitting[which - 1 if which > 0 else which]
