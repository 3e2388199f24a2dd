"""What is done about a run between two owners, row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from deployments.dispatcher.decide import Deed, Hands, Seen, decide

ATTEMPTS, PENDING_WITHIN = 3, timedelta(seconds=120)
SECONDS = [
    # a run that goes on by itself waits for a worker
    ("SCHEDULED", 60, {}, Deed.LEAVE),
    ("SCHEDULED", 301, {}, Deed.CALL),
    # taken by a worker, and not begun
    ("PENDING", 30, {"hands": Hands.GONE}, Deed.CRASH),
    ("PENDING", 119, {"hands": Hands.UNKNOWN}, Deed.LEAVE),
    ("PENDING", 121, {"hands": Hands.UNKNOWN}, Deed.CRASH),
    ("PENDING", 599, {"hands": Hands.THERE}, Deed.LEAVE),
    ("PENDING", 601, {"hands": Hands.THERE}, Deed.CRASH),
    # Prefect's automation did not see that it died
    ("RUNNING", 9000, {"hands": Hands.GONE, "silent": 149}, Deed.LEAVE),
    ("RUNNING", 9000, {"hands": Hands.GONE, "silent": 151}, Deed.CRASH),
    ("RUNNING", 9000, {"hands": Hands.THERE, "silent": 151}, Deed.LEAVE),
    ("RUNNING", 9000, {"hands": Hands.THERE, "silent": 601}, Deed.CRASH),
    ("RUNNING", 9000, {"hands": Hands.UNKNOWN, "silent": 601}, Deed.CRASH),
    ("RUNNING", 9000, {}, Deed.LEAVE),
    # somebody cancelled it
    ("CANCELLING", 60, {}, Deed.LEAVE),
    ("CANCELLING", 91, {}, Deed.CANCEL),
    ("CANCELLED", 0, {}, Deed.CALL),
    # it died
    ("CRASHED", 0, {}, Deed.TAKE_OVER),
    ("CRASHED", 0, {"taken_over": 2}, Deed.TAKE_OVER),
    ("CRASHED", 0, {"taken_over": 3}, Deed.CALL),
    ("CRASHED", 0, {"by_clock": True}, Deed.LEAVE),
    ("CRASHED", 14, {"doubtful": True}, Deed.LEAVE),
    ("CRASHED", 16, {"doubtful": True}, Deed.TAKE_OVER),
    # an error of the runbook is not mended by doing it again
    ("FAILED", 0, {}, Deed.CALL),
    # a person was asked, or nothing is to be done
    ("PAUSED", 90_000, {}, Deed.LEAVE),
]


@pytest.mark.parametrize(("state", "age", "more", "deed"), SECONDS)
def test_a_run_has_somebody_who_watches_it(
    state: str, age: float, more: dict[str, Any], deed: Deed
) -> None:
    """By its state, how long it has been in it, and who has it."""
    given = dict(more)
    if "silent" in given:
        given["silent"] = timedelta(seconds=given["silent"])

    seen = Seen(state, timedelta(seconds=age), **given)

    assert deed == decide(seen, ATTEMPTS, PENDING_WITHIN)


def test_without_take_overs_a_person_is_called_at_once() -> None:
    """`attempts = 0`; also when the death is doubtful: nothing is done that could harm."""
    for doubtful in (False, True):
        seen = Seen("CRASHED", timedelta(0), doubtful=doubtful)
        assert Deed.CALL == decide(seen, 0, PENDING_WITHIN)
