"""How long the dispatcher waits before it repeats what has not happened yet."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple


class Timing(NamedTuple):
    """The dispatcher's intervals; only tests use other values.

    dispatch, watch, look: seconds between two rounds of sending events (an alert wakes it), of
    watching runs, and of looking whether Prefect could carry out a runbook.
    longest_wait: the most seconds between two attempts while Prefect does not answer.
    runbook_late: the age of an incident at which its event is emitted again.
    """

    dispatch: float = 1.0
    watch: float = 8.0
    look: float = 8.0
    longest_wait: float = 5.0
    runbook_late: timedelta = timedelta(seconds=60)


USUAL = Timing()
