"""Emits fewer events for a task run: its end, and its start only if it runs for some time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any
from uuid import UUID

from prefect import task_engine

EMIT = "emit_task_run_state_change_event"
HOLD_SECONDS = 0.5
"""How long a task runs before its start is emitted, so that Prefect's UI shows it."""
CACHED, KEPT = "Cached", "Kept"
"""Prefect's word and ours for a step that an earlier attempt did, and this one did not."""
THREAD = "tasks that go on"


def apply() -> None:
    """Leave out events and a log line that are redundant for a short task.

    Each event costs Prefect's server some milliseconds, and there are three for each task. Pending
    is emitted a millisecond before Running; the event of the end contains the start time. The line
    "Finished in state Completed()" repeats that event. Prefect has no setting for that.
    """
    setattr(task_engine, EMIT, TaskEvents(getattr(task_engine, EMIT)).emit)
    logging.getLogger("prefect.task_runs").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    line = str(record.msg)
    record.msg = line.replace(f"{CACHED}(", f"{KEPT}(", 1)
    return record.levelno > logging.INFO or not line.startswith("Finished in state Completed()")


class TaskEvents:
    """Holds back the event of a task's start until the task ends, or `HOLD_SECONDS` have passed."""

    def __init__(self, emit: Callable[..., Any]) -> None:
        self._emit = emit
        self._begun: dict[UUID, Callable[[], Any]] = {}
        self._due: SimpleQueue[tuple[float, UUID]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def emit(
        self, *, task_run: Any, initial_state: Any, validated_state: Any, **more: Any
    ) -> Any | None:
        """Replaces Prefect's function; returns the event, or None when none is sent now."""
        if initial_state is None:
            return None
        if validated_state.name == CACHED:
            validated_state.name = KEPT  # as Prefect sets its own: a copy of a state loses its time
        given = {"task_run": task_run, "initial_state": initial_state, **more}
        emit = partial(self._emit, validated_state=validated_state, **given)
        if initial_state.is_pending() and validated_state.is_running():
            self._begun[task_run.id] = partial(copy_context().run, emit)
            self._due.put((time.monotonic() + HOLD_SECONDS, task_run.id))
            self._look_after_them()
            return None
        begun = self._begun.pop(task_run.id, None)
        if begun and not validated_state.is_completed():
            begun()
        return emit()

    def _look_after_them(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # a fork does not inherit it
                self._thread = threading.Thread(target=self._emit_late, name=THREAD, daemon=True)
                self._thread.start()

    def _emit_late(self) -> None:
        while True:
            due, task_run_id = self._due.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if begun := self._begun.pop(task_run_id, None):
                begun()
