"""How long this process waits for a database that is away: a run does, whoever pages does not."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_SECONDS = 0.5

_longest: Callable[[], float] = lambda: 0.0  # noqa: E731 - until a run says otherwise


def wait_for_database(longest: Callable[[], float]) -> None:
    """From now on wait so many seconds, asked each time that the database does not answer."""
    global _longest  # noqa: PLW0603 - of the whole process: a store is opened everywhere
    _longest = longest


class Patience:
    """What is left of the patience for one transaction."""

    def __init__(self) -> None:
        self._gives_up_at: float | None = None

    def lasts(self) -> bool:
        """Wait a moment for the database; False when it was waited for long enough."""
        now = time.monotonic()
        if self._gives_up_at is None:
            self._gives_up_at = now + _longest()
        if now >= self._gives_up_at:
            return False
        time.sleep(min(POLL_SECONDS, self._gives_up_at - now))
        return True
