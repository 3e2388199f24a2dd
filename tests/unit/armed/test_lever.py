"""Levers are tried side by side, each with a deadline, and none hides another."""

from __future__ import annotations

import threading

from schemas.errors import ConfigurationError
from tasks.armed.lever import Disarmed, Lever, NotConfigured, Outcome, try_levers


def raising(error: Exception) -> Lever:
    """A lever whose check raises this."""

    def check() -> str:
        raise error

    return Lever("x", check)


def test_what_a_try_may_find() -> None:
    """What was seen, or why not; an error that nobody foresaw names its kind only."""
    levers = [
        Lever("x", lambda: "seen"),
        raising(NotConfigured("set X")),
        raising(Disarmed("do Y")),
        raising(ConfigurationError("do Z")),
        raising(ValueError("s3cr3t")),
    ]

    assert [(each.outcome, each.detail) for each in try_levers(levers)] == [
        (Outcome.ARMED, "seen"),
        (Outcome.NOT_CONFIGURED, "set X"),
        (Outcome.DISARMED, "do Y"),
        (Outcome.DISARMED, "do Z"),
        (Outcome.DISARMED, "cannot be tried: ValueError"),
    ]
    assert [] == try_levers([])


def test_they_are_tried_side_by_side() -> None:
    """Each waits until all have begun: one after the other, none would end."""
    all_began = threading.Barrier(8)
    levers = [Lever(f"{number}", lambda: f"{all_began.wait(30) >= 0}") for number in range(8)]

    assert ["True"] * 8 == [each.detail for each in try_levers(levers)]


def test_one_that_hangs_is_disarmed() -> None:
    """And the others are seen all the same."""
    never = threading.Event()
    hanging = Lever("hangs", lambda: f"{never.wait()}", seconds=0.05)
    found = try_levers([hanging, Lever("x", lambda: "seen")])
    never.set()

    assert [Outcome.DISARMED, Outcome.ARMED] == [each.outcome for each in found]
    assert "not seen to work within 0.05 s" in found[0].detail
