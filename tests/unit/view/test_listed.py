"""The list's address: spans and days, and what is wrong is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import InvalidInput
from schemas.figures.since import moment_of
from schemas.incident import Severity, Status
from tasks.view.listed import from_address
from tasks.view.moments import at, clock

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("24h", NOW - timedelta(hours=24)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_since_is_a_span_or_a_day(since: str, moment: datetime) -> None:
    """As people write it."""
    assert moment == moment_of(since, NOW)


@pytest.mark.parametrize("since", ["yesterday", "7", "d7"])
def test_another_since_is_refused_by_name(since: str) -> None:
    """With what it may be."""
    with pytest.raises(InvalidInput, match="since: a day such as"):
        from_address({"since": since})


def test_what_is_empty_asks_for_nothing() -> None:
    """A form sends every field."""
    wanted = from_address({"q": "", "status": "going-on", "severity": "P1", "service": ""})

    assert (Severity.P1,) == wanted.severity
    assert {Status.OPEN, Status.INVESTIGATING, Status.MITIGATED} == set(wanted.status)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=11, seconds=2), "11:02"),
        (timedelta(hours=1, seconds=5), "1:00:05"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (timedelta(seconds=-5), "0:00"),
    ],
)
def test_what_is_left_is_a_clock(span: timedelta, said: str) -> None:
    """As the bar shows it."""
    assert said == clock(span)


def test_a_moment_has_its_day_when_that_is_another() -> None:
    """Today it is the time."""
    assert "11:00:00 UTC" == at(NOW - timedelta(hours=1), NOW)
    assert "2026-11-26 12:00:00 UTC" == at(NOW - timedelta(days=1), NOW)
