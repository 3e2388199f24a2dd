"""How often somebody may try to sign in: failures are counted, of each client and of all."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST_FAILURES, MOST_OF_ALL, IN_SECONDS = 10, 100, 60.0
"""So many failures of one client, or of all, and then they wait until some are that old."""
MOST_CLIENTS = 1000


class Attempts:
    """The failures of the last minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of_all: deque[float] = deque(maxlen=MOST_OF_ALL)
        self._of: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, client: str) -> int:
        """For how many seconds this client has to wait; 0: not at all."""
        own = self._of.get(client, deque())
        return max(self._left(own, MOST_FAILURES), self._left(self._of_all, MOST_OF_ALL))

    def failed(self, client: str) -> None:
        """Count one."""
        now = self._clock()
        self._of_all.append(now)
        self._of.setdefault(client, deque(maxlen=MOST_FAILURES)).append(now)
        self._of.move_to_end(client)
        if len(self._of) > MOST_CLIENTS:
            self._of.popitem(last=False)

    def _left(self, failures: deque[float], most: int) -> int:
        left = IN_SECONDS - (self._clock() - failures[0]) if len(failures) >= most else 0.0
        return max(0, math.ceil(left))
