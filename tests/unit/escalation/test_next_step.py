"""Who is called next, and when: tables and general rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.escalation import (
    BusinessDays,
    EscalationState,
    Step,
    StepKind,
    length,
    next_step,
    to_do,
)
from schemas.incident import DEFAULT_ROUTES, Escalation, Route, Severity, Status

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
WEEK = BusinessDays()
MINUTE = timedelta(minutes=1)


def state(**given_values: Any) -> EscalationState:
    """An escalation that began now."""
    values = {"incident_id": UUID(int=7), "severity": Severity.P1, "occurrence": 1}
    return EscalationState.model_validate({**values, "began_at": NOW, **given_values})


def route(*minutes: float, severity: Severity = Severity.P1, **changes: Any) -> Route:
    """A route with levels after so many minutes."""
    levels = tuple(Escalation(to=f"level {m:g}", after=m * MINUTE) for m in minutes)
    repeat = {"escalation_repeat": 10 * MINUTE}
    return DEFAULT_ROUTES[severity].model_copy(update={"escalation": levels, **repeat, **changes})


def calls(of: Route, count: int, **given_values: Any) -> list[tuple[str, float]]:
    """The first steps: whom, and how many minutes after the page."""
    found: list[tuple[str, float]] = []
    begun = state(**given_values)
    while len(found) < count and (step := next_step(begun, Status.OPEN, of, WEEK)):
        found.append((step.level.to if step.level else "", (step.due - NOW) / MINUTE))
        begun = begun.model_copy(update={"done": step.number})
    return found


def test_the_defaults_are_the_spec_s() -> None:
    """P1 in 15 minutes to the VP, P2 in an hour to the lead, and again; P3 a day, P4 nobody."""
    p1, p2, p3, p4 = (DEFAULT_ROUTES[each] for each in Severity)

    assert [("VP Engineering", 15.0), ("VP Engineering", 30.0)] == calls(p1, 2)
    assert [("Team lead", 60.0), ("Team lead", 120.0)] == calls(p2, 2)
    # 27 November 2026 is a Friday.
    assert [("Sprint backlog", 78 * 60.0), ("Sprint backlog", 102 * 60.0)] == calls(p3, 2)
    assert [] == calls(p4, 2)


def test_after_the_last_level_the_first_comes_again() -> None:
    """With the same distances; without a repetition nobody comes."""
    assert calls(route(5, 15, 15), 7) == [
        ("level 5", 5.0),
        ("level 15", 15.0),
        ("level 15", 15.0),
        ("level 5", 25.0),
        ("level 15", 35.0),
        ("level 15", 35.0),
        ("level 5", 45.0),
    ]
    assert 2 == len(calls(route(5, 15, escalation_repeat=None), 9))
    assert 2 == len(calls(route(5, 15, escalation_repeat=timedelta()), 9))
    assert [] == calls(route(), 9)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("taken", [None, NOW])
def test_only_what_is_on_record_silences(status: Status, taken: datetime | None) -> None:
    """Untaken: until it is over, also when automation mitigated it. Taken: until mitigated."""
    step = next_step(state(taken_at=taken, taken_by="ada"), status, route(15), WEEK)

    if status.is_over:
        assert step is None
    elif taken is None:
        assert step is not None
        assert StepKind.LEVEL is step.kind
    else:
        assert (step is None) == (status is Status.MITIGATED)


def test_who_took_it_is_asked_when_mitigation_is_late_then_the_levels_are_called() -> None:
    """4 h after the page; a level's time after it was taken late; an answer gives 4 h more."""
    hours = timedelta(hours=1)
    early = {"taken_at": NOW + 10 * MINUTE, "taken_by": "ada", "takes": 1}
    late = {**early, "taken_at": NOW + 5 * hours}
    again = {**early, "taken_at": NOW + 4.5 * hours, "takes": 2}

    asked = [("", 240.0), ("level 15", 255.0), ("level 15", 265.0)]
    assert asked == calls(route(15), 3, **early)
    assert [("", 315.0)] == calls(route(15), 1, **late)
    assert [("", 510.0)] == calls(route(15), 1, **again)
    assert [] == calls(route(15, mitigate_within=None), 3, **early)
    assert [("", 240.0)] == calls(route(), 3, **early)


def test_what_was_missed_is_made_up_for_once() -> None:
    """After hours without an intake each level is called once, not once for each round."""

    def due(done: int, at: float) -> Step | None:
        now = NOW + at * MINUTE
        return to_do(state(done=done), Status.OPEN, route(5, 15), WEEK, now)

    found = []
    done = 0
    while (step := due(done, 301)) and step.due <= NOW + 301 * MINUTE:
        found.append(step.level.to if step.level else "")
        done = step.number
    assert ["level 5", "level 15"] == sorted(found, key=len)
    assert 2 == len(found)
    assert next_step(state(), Status.OPEN, route(5, 15), WEEK) == due(0, 3)
    assert 1 == getattr(due(0, 16), "number", None)


@given(
    minutes=st.lists(st.floats(0.1, 600), min_size=1, max_size=5).map(sorted),
    repeat=st.floats(0.1, 600),
    done=st.integers(0, 200),
    taken=st.booleans(),
)
def test_steps_never_go_backwards(
    minutes: list[float], repeat: float, done: int, taken: bool
) -> None:
    """Each step is due no sooner than the one before, and the first when its level says so."""
    of = route(*minutes, escalation_repeat=repeat * MINUTE)
    values = {"taken_at": NOW, "taken_by": "ada", "takes": 1} if taken else {}
    one, other = (
        next_step(state(done=each, **values), Status.OPEN, of, WEEK) for each in (done, done + 1)
    )
    first = next_step(state(), Status.OPEN, of, WEEK)

    assert first
    assert one
    assert other
    assert NOW + minutes[0] * MINUTE == first.due
    assert one.due <= other.due
    assert (done + 1, done + 2) == (one.number, other.number)


@given(
    minutes=st.lists(st.floats(0.1, 60), min_size=1, max_size=4).map(sorted),
    at=st.floats(0, 10_000),
)
def test_no_level_is_left_out_however_late(minutes: list[float], at: float) -> None:
    """Whenever the intake comes back, what it does at once calls each level at most once."""
    of, now = route(*minutes, escalation_repeat=5 * MINUTE), NOW + at * MINUTE
    places, done = [], 0
    while (step := to_do(state(done=done), Status.OPEN, of, WEEK, now)) and step.due <= now:
        places.append((step.number - 1) % len(minutes))
        done = step.number
    due = {n for n, each in enumerate(minutes) if NOW + each * MINUTE <= now}

    assert len(places) == len(set(places))
    assert due == set(places)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (20, "20 s"),
        (900, "15 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (0, "0 s"),
        (61, "1 min 1 s"),
    ],
)
def test_a_duration_in_words(span: float, words: str) -> None:
    """As people say it."""
    assert words == length(timedelta(seconds=span))
