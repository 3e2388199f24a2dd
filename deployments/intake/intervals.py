"""How long the intake waits before it repeats what has not happened yet."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple


class Timing(NamedTuple):
    """The intake's intervals; only tests use other values.

    look, sweep, health: seconds between two rounds of these threads; an alert wakes the first.
    page_late, runbook_missing: the age of an incident at which its page is sent again, and the
    on-call is paged that no runbook has started.
    keep_alive: between two sends of an alert that would expire; None: the channel's own interval.
    """

    look: float = 2.0
    sweep: float = 5.0
    health: float = 2.0
    page_late: timedelta = timedelta(seconds=10)
    runbook_missing: timedelta = timedelta(minutes=5)
    keep_alive: timedelta | None = None


USUAL = Timing()
