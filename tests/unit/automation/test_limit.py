"""How many acts are allowed: in no hour and on no day more than the limit says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.automation import ACTS, DAY, HOUR, Act, AutomationSettings, Begun, Limit, refusal

NOW = datetime(2026, 11, 27, 14, 2, 11, tzinfo=UTC)
LIMIT = Limit(per_hour=3, per_day=6)


def minutes_ago(*minutes: float, actor: str = "aeef-runbooks") -> list[Begun]:
    """Acts begun so long ago."""
    automated = actor == "aeef-runbooks"
    return [Begun(NOW - timedelta(minutes=each), actor, automated) for each in minutes]


@given(
    st.lists(st.integers(0, 40), max_size=60),
    st.integers(0, 4),
    st.integers(0, 8),
)
def test_in_no_hour_and_on_no_day_more_than_the_limit(
    gaps: list[int], per_hour: int, per_day: int
) -> None:
    """However the attempts come; and one is only refused when a window is full."""
    limit = Limit(per_hour=per_hour, per_day=per_day)
    begun: list[Begun] = []
    now = NOW
    for gap in gaps:
        now += timedelta(minutes=gap)
        counts = [sum(each.at > now - span for each in begun) for span in (HOUR, DAY)]
        is_full = counts[0] >= per_hour or counts[1] >= per_day
        assert is_full == (refusal(Act.ROLLBACK, "shop", begun, limit, now) is not None)
        if not is_full:
            begun.append(Begun(now, "aeef-runbooks", automated=True))
    for span, most in ((HOUR, per_hour), (DAY, per_day)):
        for each in begun:
            assert most >= sum(each.at <= other.at < each.at + span for other in begun)


def test_the_reason_names_what_was_counted_and_the_setting() -> None:
    """And the last of them."""
    why = refusal(Act.ROLLBACK, "shop", minutes_ago(50, 20, 1), LIMIT, NOW)

    assert why == (
        "3 rollbacks of shop in the last hour are the limit ([automation.limits.rollback]"
        " per_hour = 3; the last at 2026-11-27 14:01:11 UTC)"
    )


def test_the_day_counts_too_and_what_people_did_by_hand() -> None:
    """People are not limited, but what they had to do again and again is not mended either."""
    begun = [*minutes_ago(600, 500, 400, 300), *minutes_ago(200, 100, actor="ada")]
    why = refusal(Act.ISOLATION, "shop", begun, LIMIT, NOW)

    assert why is not None
    assert "6 isolations of shop in the last day are the limit" in why
    assert why.endswith("; of these by hand by ada)")


def test_one_is_one_and_more_than_the_limit_is_over_it() -> None:
    """People may have done more than the automation would."""
    once = refusal(Act.FREEZE, "shop", minutes_ago(1), Limit(per_hour=1, per_day=9), NOW)
    by_hand = minutes_ago(5, 4, 3, 2, actor="ada")
    over = refusal(Act.FREEZE, "shop", by_hand, LIMIT, NOW)

    assert str(once).startswith("1 freeze of shop in the last hour is the limit (")
    assert str(over).startswith("4 freezes of shop in the last hour are over the limit (")


def test_nothing_is_ever_done_by_itself_where_the_limit_is_0() -> None:
    """A target owner may want it so."""
    why = refusal(Act.FREEZE, "shop", [], Limit(per_hour=0, per_day=9), NOW)

    assert why == "none is done by itself ([automation.limits.freeze] per_hour = 0)"


def test_each_act_has_words_and_a_limit() -> None:
    """None can be added without."""
    assert set(ACTS) == set(Act)
    assert all(AutomationSettings().limits.of(act).per_day > 0 for act in Act)
    assert all("{}" in words.undone and "{}" in words.many for words in ACTS.values())


def test_a_table_that_sets_one_number_keeps_the_other() -> None:
    """Each act has its own default."""
    limits = AutomationSettings.model_validate(
        {"limits": {"revocation": {"per_hour": 1}, "rollback": {"per_day": 50}}}
    ).limits

    assert Limit(per_hour=1, per_day=4) == limits.of(Act.REVOCATION)
    assert Limit(per_hour=3, per_day=50) == limits.of(Act.ROLLBACK)


@pytest.mark.parametrize(
    "limits",
    [
        {"rollbacks": {"per_hour": 1}},
        {"rollback": {"per_minute": 1}},
        {"rollback": {"per_hour": -1}},
        {"rollback": {"per_hour": "often"}},
        {"rollback": 3},
    ],
)
def test_a_wrong_table_is_refused(limits: object) -> None:
    """A typing error must not leave a target without a brake."""
    with pytest.raises(ValidationError):
        AutomationSettings.model_validate({"limits": limits})
