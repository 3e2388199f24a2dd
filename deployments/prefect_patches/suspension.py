"""Suspends a run in a warm process: the worker listens for all runs, and sends a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any
from uuid import UUID

from prefect import flow_engine
from prefect.client.orchestration import get_client
from prefect.logging.loggers import flow_run_logger

SUSPEND = signal.SIGUSR1
"""Signal to a run that somebody suspended it: it ends before its next step."""
OBSERVE = "observe_flow_run_suspension"
HEARD = "suspended: this run ends before its next step, and goes on from there when it is resumed"


def apply() -> None:
    """Keep the engine from listening to the server itself.

    It opens a connection for each run and waits for it, before the first line and after the last.
    Prefect has no setting for that.
    """
    setattr(flow_engine, OBSERVE, _the_worker_does)


def hear_suspension(run_id: UUID) -> None:
    """Handle the worker's signal instead: read the run, and mark it as suspended if it is."""
    mark = import_module("prefect._flow_run_suspension").mark_flow_run_suspension_requested
    is_logged = threading.Event()

    def look() -> None:
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(run_id)
        if run.state and run.state.is_paused() and run.state.name == "Suspended":
            mark(run_id, run.state)
            if not is_logged.is_set():  # the signal comes again and again while a step takes long
                is_logged.set()
                flow_run_logger(run).warning(HEARD)

    def heard(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=look, daemon=True).start()

    signal.signal(SUSPEND, heard)


@contextmanager
def _the_worker_does(*_arguments: Any, **_named: Any) -> Iterator[None]:
    yield
