"""A warm process: waits for a flow run, executes it, and waits for the next one or exits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.context import SettingsContext, SyncClientContext, get_settings_context
from prefect.engine import handle_engine_signals
from prefect.events.worker import EventsWorker
from prefect.flow_engine import load_flow, run_flow
from prefect.logging.handlers import APILogWorker
from prefect.settings import Settings
from pydantic import BaseModel

from deployments.prefect_patches.cancelling import say_cancelled
from deployments.prefect_patches.event_resources import Related, send_less_for_events
from deployments.prefect_patches.heartbeats import none_by_the_engine
from deployments.prefect_patches.patches import is_active
from deployments.prefect_patches.run_requests import Spared
from deployments.prefect_patches.suspension import SUSPEND, hear_suspension
from deployments.registry.catalog import ENTRYPOINTS
from deployments.worker.leftovers import ProcessState, ignore
from schemas.settings import PrefectPatch, load_settings
from tasks.store import open_store

CANCEL = signal.SIGINT
"""Signal to stop a run because somebody cancelled it; SIGTERM stops it for any other reason."""
SEND_SECONDS = 10
"""How long to wait for a server that does not answer."""
SIGNALS = (signal.SIGTERM, CANCEL, SUSPEND)
LESS_URGENT = 5
"""By how much the nice value of a run's process is raised if the run is not urgent, see nice(2)."""


class Order(BaseModel):
    """Which run to execute, and where.

    urgent: see `priority.is_urgent`. known: the related resources of its events.
    result_storage: the block that the server keeps results in.
    """

    flow_run: FlowRun
    environment: dict[str, str]
    directory: Path
    urgent: bool
    known: list[Related] = []
    result_storage: UUID | None = None

    @property
    def is_ours(self) -> bool:
        """True for a flow of our code; others may leave anything behind in the process."""
        return self.environment.get("PREFECT__FLOW_ENTRYPOINT") in ENTRYPOINTS

    @property
    def changes_prefect(self) -> bool:
        """True when Prefect's settings for this run differ from those of this process."""
        return any(
            name.startswith("PREFECT_")
            and not name.startswith("PREFECT__")
            and os.environ.get(name) != value
            for name, value in self.environment.items()
        )


def wait_and_run(orders: int, over: int, lifeline: int) -> int:
    """Execute one order after the other; returns the exit code of this process.

    orders: the pipe to read orders from; the parent closes it when there are no more.
    over: the pipe to write our pid to when a run has completed and we can take another.
    lifeline: a pipe that is closed when our parent dies: then this process exits too.
    """
    ignore(*SIGNALS)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with contextlib.suppress(Exception):  # else the run connects when it needs the store
        open_store(load_settings()).pending_events()
    first = None
    try:
        with os.fdopen(orders, "rb") as pipe:
            while True:
                client = _made_ready()
                before = ProcessState.now()
                first = first or before
                if not (line := pipe.readline()).endswith(b"\n"):
                    return 0
                order = Order.model_validate_json(line)
                can_have_another = order.is_ours and not order.changes_prefect
                code, completed = copy_context().run(carry_out, order, client)
                if not (completed and can_have_another and before.restored(first)):
                    return code
                os.write(over, b"%d\n" % os.getpid())
    finally:
        _hand_in(EventsWorker.drain_all)


def _made_ready() -> SyncClientContext:
    """Set up events and logs, and return a client: a run would need tenths of a second for it."""
    for make in (EventsWorker.instance, APILogWorker.instance):
        with contextlib.suppress(Exception):  # else Prefect makes it when it needs it
            make()
    return SyncClientContext()


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def carry_out(order: Order, client: SyncClientContext) -> tuple[int, bool]:
    """Execute a flow run as Prefect's own engine process does.

    Returns the exit code that such a process would have, and whether the run has completed.
    """
    if not order.urgent and os.nice(0) < LESS_URGENT:
        os.nice(LESS_URGENT)
    os.chdir(order.directory)
    # Prefect's engine handles the signal first, reports to the server, then calls this handler.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    signal.signal(CANCEL, _cancel)
    run_id = order.flow_run.id
    if is_active(PrefectPatch.SUSPENSION):
        hear_suspension(run_id)
    if order.known:
        send_less_for_events(order.known)
    try:
        with _taken_on(order, client), handle_engine_signals(run_id):
            flow = load_flow(order.flow_run)
            # Failed or not is in the state that the engine reports: no need to raise it here.
            result: Any = run_flow(flow, flow_run=order.flow_run, return_type="state")
            if flow.isasync:
                result = asyncio.run(result)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1, False
    except BaseException:  # noqa: BLE001 - must not propagate into the parent's code: we are a fork
        traceback.print_exc()
        return 1, False
    finally:
        ignore(*SIGNALS)
        _hand_in(APILogWorker.drain_all)
        _send_events()
    return 0, result.is_completed()


def _cancel(_number: int, _frame: FrameType | None) -> None:
    """Mark the run as cancelled in the engine, so that it ends as Cancelled, then end it."""
    if is_active(PrefectPatch.CANCELLING):
        say_cancelled()
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _taken_on(order: Order, client: SyncClientContext) -> Iterator[None]:
    """Set the run's environment; if that changes Prefect's settings, read them again."""
    changes_prefect = order.changes_prefect
    os.environ.update(order.environment)
    with contextlib.ExitStack() as contexts:
        if changes_prefect:
            profile = get_settings_context().profile
            heartbeats = none_by_the_engine() if is_active(PrefectPatch.HEARTBEATS) else {}
            settings = Settings().copy_with_update(updates=heartbeats)
            contexts.enter_context(SettingsContext(profile=profile, settings=settings))
            client = SyncClientContext()
        contexts.enter_context(client)
        if is_active(PrefectPatch.RUN_REQUESTS):
            spared = Spared(client.client, order.flow_run, order.result_storage)
            contexts.callback(spared.hand_in)
        yield


def _send_events() -> None:
    """Wait until the run's events are sent; keep the connection for the next run."""
    with contextlib.suppress(Exception):  # lost events do not change how the run ended
        sent = threading.Thread(target=EventsWorker.instance().wait_until_empty, daemon=True)
        sent.start()
        sent.join(SEND_SECONDS)


def _hand_in(drain: Callable[..., object]) -> None:
    """Flush what is queued: neither the next run nor the exit of this process does it."""
    with contextlib.suppress(Exception):
        drain(timeout=SEND_SECONDS)
    sys.stdout.flush()
    sys.stderr.flush()
