"""Checks what a run left behind in its process: it is reset, or the process is not reused."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from typing import NamedTuple, Self

import psutil

from deployments.prefect_patches.task_events import THREAD as TASK_EVENTS

THREADS_END_SECONDS = 0.5
"""How long to wait for threads that are about to end."""
KEPT_THREADS = {"RunSyncEventLoopThread", "AnyIO worker thread", TASK_EVENTS}
"""Prefect's own threads and one of ours, which the next run uses too."""
MORE_FILES = 20
"""More open files than this are a leak: a database and a connection stay open."""
MORE_MEMORY = 100e6
"""Bytes that a process may grow by, over all its runs."""


class ProcessState(NamedTuple):
    """The state of a process between two runs."""

    environment: dict[str, str]
    import_path: list[str]
    umask: int
    handlers: list[logging.Handler]
    threads: frozenset[int | None]
    files: int
    memory: int

    @classmethod
    def now(cls) -> Self:
        """The state of this process now."""
        os.umask(umask := os.umask(0))
        return cls(
            environment=dict(os.environ),
            import_path=[*sys.path],
            umask=umask,
            handlers=[*logging.root.handlers],
            threads=frozenset(thread.ident for thread in threading.enumerate()),
            files=_open_files(),
            memory=psutil.Process().memory_info().rss,
        )

    def restored(self, since: Self) -> bool:
        """Reset what can be reset; False when something else was left changed.

        self: the state before the run. since: before the first run of this process.
        """
        os.chdir("/")
        os.environ.clear()
        os.environ.update(self.environment)
        sys.path[:] = self.import_path
        os.umask(self.umask)
        return (
            logging.root.handlers == self.handlers
            and not _has_children()
            and not self._more_threads()
            and _open_files() <= since.files + MORE_FILES
            and psutil.Process().memory_info().rss <= since.memory + MORE_MEMORY
        )

    def _more_threads(self) -> bool:
        give_up_at = time.monotonic() + THREADS_END_SECONDS
        for thread in threading.enumerate():
            if thread.ident not in self.threads and thread.name not in KEPT_THREADS:
                thread.join(max(0.0, give_up_at - time.monotonic()))
                if thread.is_alive():
                    return True
        return False


def ignore(*signals: signal.Signals) -> None:
    """Ignore these signals: they were meant for a run that is over."""
    for number in signals:
        signal.signal(number, signal.SIG_IGN)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - `Path` is slower


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
