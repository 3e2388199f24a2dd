"""The week, the month, the quarter that a review is about: pure functions of the calendar."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas.calendar.settings import CalendarSettings

MONTHS_OF_A_QUARTER = 3


class Kind(StrEnum):
    """WARNINGS: a formal review, as warnings of one kind were repeated; by no schedule."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    WARNINGS = "warnings"


class Period(NamedTuple):
    """name: `2026-W48`, `2026-11`, `2026-Q4`. begin, end: moments in UTC; the end is not in it."""

    name: str
    begin: datetime
    end: datetime


def last_period(kind: Kind, now: datetime, zone: ZoneInfo) -> Period:
    """The newest one that is over; its days are those of the time zone."""
    today = now.astimezone(zone).date()
    match kind:
        case Kind.WEEKLY:
            end = today - timedelta(days=today.weekday())
            begin = end - timedelta(days=7)
            year, week, _ = begin.isocalendar()
            name = f"{year}-W{week:02}"
        case Kind.MONTHLY:
            end = today.replace(day=1)
            begin = _months_before(end, 1)
            name = f"{begin:%Y-%m}"
        case Kind.QUARTERLY:
            months = (today.month - 1) % MONTHS_OF_A_QUARTER
            end = _months_before(today.replace(day=1), months)
            begin = _months_before(end, MONTHS_OF_A_QUARTER)
            name = f"{begin.year}-Q{(begin.month - 1) // MONTHS_OF_A_QUARTER + 1}"
        case Kind.WARNINGS:
            raise ValueError("a formal review is of no time of the calendar")
    return Period(name, _midnight(begin, zone), _midnight(end, zone))


def warnings_of(incident_type: str, service: str, begin: datetime, end: datetime) -> Period:
    """Of the formal review of warnings of one kind: the day on which it was opened, and a mark.

    Another mark each time: where `repeated_within` is hours, there may be two on one day.
    """
    kind = hashlib.sha256(f"{incident_type} {service} {end}".encode()).hexdigest()[:8]
    return Period(f"{end:%Y-%m-%d}-{kind}", begin, end)


def cron_of(kind: Kind, settings: CalendarSettings) -> str | None:
    """When it is drawn up, as cron says it in the settings' time zone; None: never by itself."""
    hour, minute = map(int, settings.at.split(":"))
    match kind:
        case Kind.WEEKLY if settings.weekly:
            return f"{minute} {hour} * * {settings.weekday.number % 7}"
        case Kind.MONTHLY if settings.monthly:
            return f"{minute} {hour} {settings.day} * *"
        case Kind.QUARTERLY if settings.quarterly:
            return f"{minute} {hour} {settings.day} 1,4,7,10 *"
    return None


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return day.replace(year=number // 12, month=number % 12 + 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
