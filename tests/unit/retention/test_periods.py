"""How long what is kept, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.incident import Severity
from schemas.retention import RetentionSettings, due_at, is_short, years_before

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
YEARS_100 = timedelta(days=40_000)


@pytest.mark.proves("RET-3-YEARS", "RET-5-YEARS", "RET-LONGER")
def test_aeef_s_years_are_the_default_and_what_is_set_changes_only_itself() -> None:
    """P1 and P2 five years, others three; less is possible, and said to be less."""
    assert {"P1": 5, "P2": 5, "P3": 3, "P4": 3} == dict(RetentionSettings().years)
    longer = RetentionSettings.model_validate({"years": {"P1": 10}})
    assert {"P1": 10, "P2": 5, "P3": 3, "P4": 3} == dict(longer.years)
    assert [True, False] == [is_short(Severity.P2, 4), is_short(Severity.P3, 4)]
    with pytest.raises(ValidationError):
        RetentionSettings.model_validate({"years": {"P1": 0}})


def test_a_leap_day_has_its_anniversary_a_day_later() -> None:
    """Nothing goes too early."""
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)

    assert datetime(2027, 3, 1, 12, tzinfo=UTC) == due_at(leap, 3)


@given(st.integers(0, 73_000), st.integers(1, 100), st.timedeltas(timedelta(0), YEARS_100))
def test_what_is_due_is_always_found(day: int, years: int, later: timedelta) -> None:
    """Whatever is due by its end is found by `years_before`, which the query asks with."""
    ended = BEGIN + timedelta(days=day, hours=7)
    now = ended + later
    if due_at(ended, years) <= now:
        assert ended <= years_before(now, years)
