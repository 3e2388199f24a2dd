"""How long the intake waits before it sees to what did not happen by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple


class Timing(NamedTuple):
    """The intake's clocks; only tests need others.

    dispatch, sweep: seconds between two rounds of these threads.
    dispatch_wait: seconds, at most, between two tries while Prefect does not answer.
    page_late, runbook_late, runbook_missing: the age of an incident at which its page is sent
    again, its event is emitted again, and the on-call is told that no runbook has started.
    keep_alive: between two sends of an alert that ends by itself; None: as its channel asks.
    """

    dispatch: float = 1.0
    sweep: float = 5.0
    dispatch_wait: float = 5.0
    page_late: timedelta = timedelta(seconds=10)
    runbook_late: timedelta = timedelta(seconds=60)
    runbook_missing: timedelta = timedelta(minutes=5)
    keep_alive: timedelta | None = None


USUAL = Timing()
