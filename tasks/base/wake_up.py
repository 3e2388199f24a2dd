"""Wakes another process of the same AEEF_HOME, through a named pipe: nobody has to poll often."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path

MOST = 65536
"""Bytes read at once: more than a pipe holds, so that many calls wake once."""


class Sleeper:
    """Waits for `wake`, or until its time is over. Only the newest of one path is woken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        # Open for writing too: else the end of the last writer would wake it again and again.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def sleep(self, seconds: float) -> None:
        """Return when woken, also if that was before the call, or after so many seconds."""
        select.select([self._pipe], [], [], max(0.0, seconds))
        with suppress(BlockingIOError):
            os.read(self._pipe, MOST)

    def wake(self) -> None:
        """Wake it from another thread of its own process."""
        with suppress(BlockingIOError):
            os.write(self._pipe, b".")

    def close(self) -> None:
        """Forget the pipe; one that a newer sleeper has made there stays."""
        mine = os.fstat(self._pipe)
        with suppress(OSError):
            there = self._path.stat()
            if (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
                self._path.unlink()
        os.close(self._pipe)


def wake(path: Path) -> None:
    """Wake the process that sleeps there, if there is one. Never blocks, never raises."""
    with suppress(OSError):
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(pipe, b".")
        finally:
            os.close(pipe)
