"""A deadline for what is asked of PostgreSQL: a server that hangs would never answer."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

ANSWER_SECONDS = 20.0
"""For one transaction: longer than any wait for another's lock (`database.LOCK_SECONDS`)."""


class Deadline:
    """Ends connections whose transaction takes too long, from one thread for all of a process.

    The driver waits on the connection's socket without an end, and the kernel of a server whose
    process is stopped still confirms what is sent: only ending the socket wakes the driver.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[int, tuple[float, int]] = {}
        self._numbers = count()
        self._changed = threading.Condition()
        self._is_over = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def of(self, connection: Any) -> Iterator[None]:
        """Inside the block, the driver's connection raises its own error at the deadline."""
        number = next(self._numbers)
        with self._changed:
            # In order of their deadlines, as all have the same time.
            self._due[number] = (time.monotonic() + self._seconds, connection.fileno())
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            if len(self._due) == 1:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(number, None)

    def close(self) -> None:
        """End the thread, once nothing is under way; another one starts when it is needed again."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while True:
                if self._is_over and not self._due:
                    self._is_over, self._thread = False, None
                    return
                if not self._due:
                    self._changed.wait()
                    continue
                number, (due, file) = next(iter(self._due.items()))
                if (left := due - time.monotonic()) > 0:
                    self._changed.wait(left)
                    continue
                # Still its own: whoever closes the connection takes it out first, under the lock.
                del self._due[number]
                _end(file)


def _end(file: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(file)) as ours:
        ours.shutdown(socket.SHUT_RDWR)
