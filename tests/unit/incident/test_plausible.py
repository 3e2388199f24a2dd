"""What a sender says about the beginning is believed only where it can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.incident import CLOCKS_DIFFER, Alert, plausible_time
from schemas.incident.plausible import OLDEST

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        (NOW, NOW),
        (NOW - timedelta(days=40), NOW - timedelta(days=40)),
        (NOW - OLDEST, NOW - OLDEST),
        (NOW + SECOND, NOW),
        (NOW + CLOCKS_DIFFER, NOW),
    ],
)
def test_what_can_be_is_believed_silently(said: datetime, believed: datetime) -> None:
    """A late alert keeps its time; a clock that is a little ahead does not begin later than now."""
    assert (believed, None) == plausible_time(said, NOW)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (NOW + CLOCKS_DIFFER + SECOND, "the sender said 2026-11-26 12:05:01 UTC, which is in the"),
        (datetime(2099, 1, 1, tzinfo=UTC), "the sender said 2099-01-01 00:00:00 UTC"),
        (NOW - OLDEST - SECOND, "which is more than a year ago"),
        (datetime(1970, 1, 1, tzinfo=UTC), "the sender said 1970-01-01 00:00:00 UTC"),
        (datetime(1, 1, 1, tzinfo=UTC), "the sender said 0001-01-01 00:00:00 UTC"),
    ],
)
def test_what_cannot_be_is_now_and_the_record_says_what_was_said(
    said: datetime, words: str
) -> None:
    """A legal clock must not start in the future, nor in the year 1."""
    believed, doubt = plausible_time(said, NOW)

    assert NOW == believed
    assert doubt is not None
    assert words in doubt


ZONES = st.timedeltas(min_value=timedelta(hours=-14), max_value=timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)


@given(st.datetimes(timezones=ZONES))
def test_every_time_is_taken_and_the_one_believed_is_never_in_the_future(said: datetime) -> None:
    """At the calendar's ends too, whatever the offset: an alert is not lost for its clock."""
    alert = Alert.model_validate({"type": "drift", "detectedAt": said.isoformat()})
    believed, doubt = plausible_time(alert.detected_at, NOW)

    assert NOW - OLDEST <= believed <= NOW
    assert (doubt is None) == (NOW - OLDEST <= alert.detected_at <= NOW + CLOCKS_DIFFER)
