"""The time window of the wanted log entries, and a fast way to skip all others."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_QUICK = re.compile(rb'\{"timestamp": ?"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})')
_ANY_OFFSET = timedelta(days=1)


class Window:
    """From `start` to `end`, both included."""

    def __init__(self, at: datetime, before: timedelta, after: timedelta) -> None:
        self.start, self.end = _shifted(at, -before), _shifted(at, after)
        # A timestamp may have any UTC offset: allow a day on either side.
        self._first = _shifted(self.start, -_ANY_OFFSET).isoformat()[:19].encode()
        self._last = _shifted(self.end, _ANY_OFFSET).isoformat()[:19].encode()

    def holds(self, moment: datetime) -> bool:
        """True when the moment is inside the window."""
        return self.start <= moment <= self.end

    def surely_outside(self, line: bytes) -> bool:
        """True when the start of a line shows it is outside, so that most lines need no parsing."""
        match = _QUICK.match(line)
        if match is None or line.count(b'"timestamp"') > 1:
            return False
        return not self._first <= match[1] <= self._last


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
