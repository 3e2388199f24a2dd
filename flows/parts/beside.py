"""Work that is done beside a procedure, which gets a head start: what contains comes first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import Generic, TypeVar

T = TypeVar("T")


class HeadStart(Generic[T]):
    """Calls what is put into it after some seconds, or as soon as somebody waits for it.

    All in one thread, in order, each in the context that it was put in.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._go = Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="head start")

    def put(self, call: Callable[[], T]) -> Future[T]:
        """What the call will return."""
        return self._thread.submit(copy_context().run, self._after, call)

    def over(self) -> None:
        """Call what is left now, and return when everything was called."""
        self._go.set()
        self._thread.shutdown(wait=True)

    def _after(self, call: Callable[[], T]) -> T:
        self._go.wait(self._seconds)
        self._go.set()
        return call()
