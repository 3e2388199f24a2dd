"""Reaches a channel: within a deadline, and not while it is known not to answer.

In each process a breaker for each channel: one that is dead costs a few calls a time-out, and
everybody after them nothing. Its clock is monotonic.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from schemas.errors import OutsideServiceError, TemporaryError
from schemas.settings import Settings
from tasks.base.network.deadline import deadline
from tasks.channels.channel import Channel

OPENS_AFTER = 3
"""Calls in a row without any answer."""
PROBE_WAITS = (1.0, 2.0, 4.0, 5.0)
"""Seconds until one call finds out whether it answers again; the last for ever."""
TOO_MANY_REQUESTS = 429


class NotAnswering(TemporaryError):
    """The channel was not called: it did not answer lately, or asked for a pause."""


class Breaker:
    """Whether a channel is called. Threads share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._probes = 0
        self._is_probing = False
        self._closed_until: float | None = None
        self._why = ""

    def refusal(self) -> tuple[str, float] | None:
        """Why it is not called now, and for how many seconds; None: call it, and report.

        When the wait is over one caller is let through: the others wait for what it finds out.
        """
        with self._lock:
            if self._closed_until is None:
                return None
            left = self._closed_until - self._clock()
            if left <= 0:
                self._is_probing = True
                self._closed_until = self._clock() + PROBE_WAITS[-1]
                return None
            return self._why, left

    def answered(self) -> None:
        """It answered, whatever it said."""
        with self._lock:
            self._failures = self._probes = 0
            self._is_probing = False
            self._closed_until = None

    def silent(self, why: str) -> None:
        """It did not answer."""
        with self._lock:
            self._why = why
            if self._closed_until is not None and not self._is_probing:
                return  # it began before the others gave up
            self._failures += 1
            self._is_probing = False
            if self._failures >= OPENS_AFTER:
                wait = PROBE_WAITS[min(self._probes, len(PROBE_WAITS) - 1)]
                self._probes += 1
                self._closed_until = self._clock() + wait

    def pause(self, why: str, seconds: float) -> None:
        """It asked not to be called for so long."""
        with self._lock:
            self._why = why
            self._is_probing = False
            self._closed_until = self._clock() + seconds


_breakers: dict[tuple[str, str, str], Breaker] = {}
_lock = threading.Lock()


def _none_is_open() -> None:
    global _lock  # noqa: PLW0603 (a fork may have happened while another thread held it)
    _lock = threading.Lock()
    _breakers.clear()


os.register_at_fork(after_in_child=_none_is_open)


def breaker_of(channel: Channel, settings: Settings, about: str = "") -> Breaker:
    """The breaker of the channel's line; another one when its settings were changed."""
    section = getattr(settings, channel.name.replace("-", "_"), None)
    changed = section.model_dump_json() if section is not None else ""
    key = (channel.name, channel.line_of(about), changed)
    with _lock:
        return _breakers.setdefault(key, Breaker())


def reach(channel: Channel, settings: Settings, call: Callable[[], None], about: str = "") -> None:
    """Call the channel, for at most `[paging] answer_within`.

    about: the page's subject, which may go out on a line of its own (`Channel.line_of`).
    Raises NotAnswering at once while it is known not to answer, else what the call raises.
    """
    breaker = breaker_of(channel, settings, about)
    if refusal := breaker.refusal():
        why, seconds = refusal
        raise NotAnswering(
            channel.title, f"{why}; asked again in {seconds:.0f} s", retry_after=seconds
        )
    try:
        with deadline(settings.paging.answer_within):
            call()
    except OutsideServiceError as error:
        _report(breaker, channel, settings, error)
        raise
    breaker.answered()


def _report(
    breaker: Breaker, channel: Channel, settings: Settings, error: OutsideServiceError
) -> None:
    if error.service != (channel.service or channel.title):
        return  # our own store, for instance
    why = str(error).removeprefix(f"{error.service}: ")
    if isinstance(error, TemporaryError) and error.status is None:
        breaker.silent(f"it does not answer: {why}")
    elif isinstance(error, TemporaryError) and error.status == TOO_MANY_REQUESTS:
        wish = error.retry_after or 0.0
        breaker.pause(why, min(wish, settings.paging.longest_retry_after))
    else:
        breaker.answered()
