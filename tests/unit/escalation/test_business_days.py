"""The next business day: worked examples and general rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.escalation import BusinessDays
from schemas.escalation.business_days import WEEKDAYS

MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
CALENDARS = st.builds(
    BusinessDays,
    days=st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(tuple),
    holidays=st.lists(st.dates(date(2020, 1, 1), date(2090, 1, 1)), max_size=5).map(tuple),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]),
    opens=st.times(time(0), time(23, 59)),
)


@pytest.mark.parametrize(
    ("zone", "moment", "count", "opens"),
    [
        ("UTC", "2026-11-27T03:00", 1, "2026-11-30T09:00"),  # Friday: on Monday
        ("UTC", "2026-11-30T00:00", 1, "2026-12-01T09:00"),
        ("UTC", "2026-11-27T03:00", 3, "2026-12-02T09:00"),
        ("UTC", "2026-12-24T12:00", 1, "2026-12-28T09:00"),  # a holiday and a weekend
        ("Europe/Berlin", "2026-03-27T12:00", 1, "2026-03-30T07:00"),  # summer time since Sunday
        ("America/New_York", "2026-12-01T03:00", 1, "2026-12-01T14:00"),  # there it is Monday still
    ],
)
def test_the_next_business_day(zone: str, moment: str, count: int, opens: str) -> None:
    """In the calendar's own time zone, over weekends, holidays and the change of clocks."""
    calendar = BusinessDays(time_zone=zone, holidays=(date(2026, 12, 25),))
    start, end = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (moment, opens))

    assert end == calendar.after(start, count)


@given(calendar=CALENDARS, moment=MOMENTS, count=st.integers(1, 12))
def test_it_is_a_business_day_and_none_is_left_out(
    calendar: BusinessDays, moment: datetime, count: int
) -> None:
    """Later than the moment's day, open, and exactly `count` open days away."""
    zone = ZoneInfo(calendar.time_zone)
    found = calendar.after(moment, count).astimezone(zone).date()
    start = moment.astimezone(zone).date()
    between = [start + timedelta(days=n) for n in range(1, (found - start).days + 1)]

    assert calendar.is_open(found)
    assert count == sum(calendar.is_open(day) for day in between)


def test_a_calendar_without_a_business_day_still_ends() -> None:
    """Ten years of holidays are a mistake, and no endless search."""
    days = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(5000))

    assert 2036 == BusinessDays(holidays=days).after(datetime(2026, 1, 1, tzinfo=UTC)).year


@pytest.mark.parametrize("zone", ["Berlin", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    """With an example of one."""
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        BusinessDays(time_zone=zone)
