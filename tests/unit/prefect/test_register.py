"""Registering: an automation is updated only where it differs, for that drops what is waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.automations import AutomationCore
from prefect.events.schemas.automations import EventTrigger, Posture

from deployments.registry.automations import automations
from deployments.registry.catalog import SCHEDULED
from deployments.registry.deployment import schedule_of
from deployments.registry.register import differs
from schemas.settings import Settings

NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True)


def automation(names: list[str], **changes: object) -> AutomationCore:
    """One that waits for events with these names."""
    trigger = EventTrigger(
        expect=set(names), for_each=set(names), posture=Posture.Reactive, threshold=1
    )
    return AutomationCore(name="n", trigger=trigger, actions=[]).model_copy(update=changes)


@pytest.mark.proves("RET-INTEGRITY")
def test_the_audit_log_is_verified_more_often_than_each_month() -> None:
    """By a schedule that is on unless somebody turns it off."""
    [row] = [each for each in SCHEDULED if (each.flow, each.name) == ("audit", "verify")]

    assert 0 < row.every(Settings()) <= timedelta(days=28).total_seconds()


def test_deploying_again_does_not_begin_an_interval_anew() -> None:
    """Else what runs weekly never runs where somebody starts `aeef up` each day."""
    rows = [each for each in SCHEDULED if each.every(Settings())]
    first, again = ([schedule_of(row, Settings()) for row in rows] for _ in range(2))

    assert first == again
    assert len(rows) == len({each["schedule"].anchor_date for each in first})


@given(NAMES)
def test_the_order_in_a_set_is_no_difference(names: list[str]) -> None:
    """It is chance: it depends on the process, and on who wrote the set first."""
    assert not differs(automation(names), automation(names[::-1]))


@pytest.mark.parametrize("change", [{"enabled": False}, {"description": "other"}])
def test_any_other_change_is_a_difference(change: dict[str, object]) -> None:
    """Also another event."""
    assert differs(automation(["a", "b"]), automation(["a", "b"], **change))
    assert differs(automation(["a", "b"]), automation(["a", "c"]))


def test_what_prefect_hands_back_is_what_was_registered() -> None:
    """Of every automation of ours, as JSON with its sets in any order."""
    for row in automations():
        wanted = AutomationCore(
            name=row.name, description=row.description, trigger=row.trigger, actions=[]
        )
        data = wanted.model_dump(mode="json")
        for each in ("after", "expect", "for_each"):
            data["trigger"][each].reverse()
        assert not differs(AutomationCore.model_validate(data), wanted), row.name
