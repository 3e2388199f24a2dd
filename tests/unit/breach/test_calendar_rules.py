"""Calendar months, business days and US federal holidays: worked examples and general rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.breach import federal_holidays, is_business_day, months_after, nth_business_day

NEW_YORK = ZoneInfo("America/New_York")
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        ("2026-01-31T10:00", 1, "2026-02-28T10:00"),
        ("2028-01-31T10:00", 1, "2028-02-29T10:00"),
        ("2026-12-31T10:00", 2, "2027-02-28T10:00"),
        ("2026-11-30T23:59", 12, "2027-11-30T23:59"),
    ],
)
def test_calendar_months_end_with_the_month(start: str, months: int, due: str) -> None:
    """Where the day is missing, the last one counts."""
    assert at(due) == months_after(at(start), months)


def test_federal_holidays_of_2026() -> None:
    """As the Office of Personnel Management publishes them."""
    days = {(1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (9, 7), (10, 12), (11, 11),
            (11, 26), (12, 25)}  # fmt: skip

    assert {date(2026, *day) for day in days} == {d for d in federal_holidays(2026)
                                                  if d.year == 2026}  # fmt: skip
    assert date(2027, 12, 31) in federal_holidays(2027)  # New Year's Day 2028 is a Saturday


@given(MOMENTS, st.integers(1, 24))
def test_a_month_later_is_in_that_month(start: datetime, months: int) -> None:
    """Never in the next one, at the same time of day, and monotonic."""
    due = months_after(start, months)

    assert months == (due.year - start.year) * 12 + due.month - start.month
    assert due.day <= start.day
    assert (due.day == start.day) or (due + timedelta(days=1)).month != due.month
    assert start.time() == due.time()


@given(MOMENTS, st.integers(1, 30))
def test_business_days_end_on_a_business_day(start: datetime, count: int) -> None:
    """In the zone that they are counted in; and there are exactly so many in between."""
    due = nth_business_day(start, count, NEW_YORK, time(17, 30), frozenset())
    first, last = start.astimezone(NEW_YORK).date(), due.astimezone(NEW_YORK).date()

    assert is_business_day(last)
    assert last.weekday() < 5
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    assert count == sum(is_business_day(day) for day in days)
