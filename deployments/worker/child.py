"""What a warm process does: it waits for a flow run, carries it out, and waits again, or ends."""

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
"""Asks a run to stop because somebody cancelled it; SIGTERM only says that it must end."""
SEND_SECONDS = 10
"""How long a server that does not answer is waited for."""
SIGNALS = (signal.SIGTERM, CANCEL, SUSPEND)
LESS_URGENT = 5
"""How much nicer (see nice(2)) the process of a run is that may wait for others."""


class Order(BaseModel):
    """Which run to carry out, and where.

    known: what its events name. result_storage: the block that the server keeps results in.
    """

    flow_run: FlowRun
    environment: dict[str, str]
    directory: Path
    urgent: bool
    known: list[Related] = []
    result_storage: UUID | None = None

    @property
    def is_ours(self) -> bool:
        """True for a flow of our code; of others we do not know what they do."""
        return self.environment.get("PREFECT__FLOW_ENTRYPOINT") in ENTRYPOINTS

    @property
    def changes_prefect(self) -> bool:
        """True when Prefect's settings are other ones for this run than for this process."""
        return any(
            name.startswith("PREFECT_")
            and not name.startswith("PREFECT__")
            and os.environ.get(name) != value
            for name, value in self.environment.items()
        )


def wait_and_run(orders: int, over: int, lifeline: int) -> int:
    """Carry out one order after the other; the exit code of this process.

    orders: the pipe that brings them; it is closed when there is nothing left to do.
    over: the pipe that takes our number when a run has completed and we can have another.
    lifeline: a pipe that is closed when our parent dies: then this process ends, too.
    """
    ignore(*SIGNALS)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with contextlib.suppress(Exception):  # made when it is needed
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
    """What takes a run its first tenths of a second: the client, events and logs."""
    for make in (EventsWorker.instance, APILogWorker.instance):
        with contextlib.suppress(Exception):  # made again when it is needed
            make()
    return SyncClientContext()


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def carry_out(order: Order, client: SyncClientContext) -> tuple[int, bool]:
    """Carry out a flow run as Prefect's own engine process does.

    Returns the exit code that such a process would have, and whether the run has completed.
    """
    if not order.urgent and os.nice(0) < LESS_URGENT:
        os.nice(LESS_URGENT)
    os.chdir(order.directory)
    # Prefect's engine takes the signal over, tells the server, and then sends it on to this.
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
    except BaseException:  # noqa: BLE001 - nothing may reach the parent's code that we were forked from
        traceback.print_exc()
        return 1, False
    finally:
        ignore(*SIGNALS)
        _hand_in(APILogWorker.drain_all)
        _send_events()
    return 0, result.is_completed()


def _cancel(_number: int, _frame: FrameType | None) -> None:
    """Tell the engine why, so that the run ends as Cancelled, then that it must end."""
    if is_active(PrefectPatch.CANCELLING):
        say_cancelled()
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _taken_on(order: Order, client: SyncClientContext) -> Iterator[None]:
    """Take on the run's environment; where it changes Prefect's settings, read them again."""
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
    """Wait until the run's events are sent; their connection is kept for the next run's."""
    with contextlib.suppress(Exception):  # the run has ended as it did, whatever is told of it
        sent = threading.Thread(target=EventsWorker.instance().wait_until_empty, daemon=True)
        sent.start()
        sent.join(SEND_SECONDS)


def _hand_in(drain: Callable[..., object]) -> None:
    """Send what waits to be sent: neither the next run nor the end of this process does it."""
    with contextlib.suppress(Exception):
        drain(timeout=SEND_SECONDS)
    sys.stdout.flush()
    sys.stderr.flush()
