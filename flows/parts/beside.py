"""Runs work in the background of a procedure; the procedure gets a head start.

Containing the incident comes first; notifications compete with it for the processor.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import Generic, TypeVar

T = TypeVar("T")


class HeadStart(Generic[T]):
    """Makes the calls put into it after `seconds`, or at once when `over` is called.

    All calls run in one thread, in order, each in the context that it was put in from.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._go = Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="head start")

    def put(self, call: Callable[[], T]) -> Future[T]:
        """Queue a call; a future of its result."""
        return self._thread.submit(copy_context().run, self._after, call)

    def over(self) -> None:
        """Make the remaining calls now, and return when all are done."""
        self._go.set()
        self._thread.shutdown(wait=True)

    def _after(self, call: Callable[[], T]) -> T:
        self._go.wait(self._seconds)
        self._go.set()
        return call()
