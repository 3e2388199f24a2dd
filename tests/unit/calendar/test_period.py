"""Which week, month and quarter a review is about, and when it is drawn up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.calendar import CalendarSettings, Kind, cron_of, last_period

BERLIN = ZoneInfo("Europe/Berlin")
BY_CALENDAR = (Kind.WEEKLY, Kind.MONTHLY, Kind.QUARTERLY)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("kind", "now", "name", "begin", "end"),
    [
        (Kind.WEEKLY, "2026-11-30T08:00", "2026-W48", "2026-11-22T23:00", "2026-11-29T23:00"),
        (Kind.WEEKLY, "2026-11-29T22:59", "2026-W47", "2026-11-15T23:00", "2026-11-22T23:00"),
        (Kind.WEEKLY, "2027-01-05T08:00", "2026-W53", "2026-12-27T23:00", "2027-01-03T23:00"),
        (Kind.MONTHLY, "2026-04-01T07:00", "2026-03", "2026-02-28T23:00", "2026-03-31T22:00"),
        (Kind.MONTHLY, "2026-01-01T08:00", "2025-12", "2025-11-30T23:00", "2025-12-31T23:00"),
        (Kind.QUARTERLY, "2026-11-27T18:00", "2026-Q3", "2026-06-30T22:00", "2026-09-30T22:00"),
        (Kind.QUARTERLY, "2026-02-01T08:00", "2025-Q4", "2025-09-30T22:00", "2025-12-31T23:00"),
    ],
)
def test_it_is_the_newest_that_is_over(
    kind: Kind, now: str, name: str, begin: str, end: str
) -> None:
    """By the days of the time zone; summer time too."""
    found = last_period(kind, _utc(now), BERLIN)

    assert (name, _utc(begin), _utc(end)) == found


@given(
    st.sampled_from(BY_CALENDAR),
    st.integers(946_684_800, 4_102_444_800),
    st.sampled_from(ZONES),
)
def test_periods_follow_each_other_without_a_gap(kind: Kind, second: int, zone: str) -> None:
    """None is left out, and none is two."""
    where, now = ZoneInfo(zone), datetime.fromtimestamp(second, UTC)
    last = last_period(kind, now, where)
    before = last_period(kind, last.end - timedelta(seconds=1), where)
    again = last_period(kind, last.end, where)

    assert last.begin < last.end <= now
    assert before.end == last.begin
    assert again == last
    assert before.name < last.name


def test_when_is_a_setting() -> None:
    """As cron says it; switched off it is never."""
    usual = CalendarSettings()
    other = CalendarSettings.model_validate(
        {"at": "18:05", "weekday": "sunday", "day": 3, "quarterly": False}
    )

    assert ["0 9 * * 1", "0 9 1 * *", "0 9 1 1,4,7,10 *"] == [
        cron_of(kind, usual) for kind in BY_CALENDAR
    ]
    assert ["5 18 * * 0", "5 18 3 * *", None] == [cron_of(kind, other) for kind in BY_CALENDAR]
    assert cron_of(Kind.WARNINGS, usual) is None


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Olympus"}, {"at": "25:00"}, {"day": 31}])
def test_what_no_calendar_has_is_refused(wrong: dict[str, object]) -> None:
    """At the start, not on the day."""
    with pytest.raises(ValidationError):
        CalendarSettings.model_validate(wrong)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
