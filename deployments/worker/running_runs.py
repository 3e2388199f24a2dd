"""Sends the heartbeats of a worker's running runs, stops what was cancelled, defends what lives."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

from deployments.prefect_patches.heartbeats import send_heartbeat
from deployments.prefect_patches.patches import is_active
from deployments.prefect_patches.suspension import SUSPEND
from deployments.prefect_server.settings import HEARTBEAT_SECONDS
from deployments.worker.child import CANCEL
from deployments.worker.ownership.lost_runs import put_right
from deployments.worker.processes import WarmProcesses
from schemas.settings import PrefectPatch

log = logging.getLogger("aeef.worker")

STOP_POLL_SECONDS = 5.0
"""How often to ask Prefect whether one of our runs was cancelled or suspended."""


class RunsThatGoOn:
    """The runs that have a process at the moment."""

    def __init__(self, processes: WarmProcesses, client: PrefectClient) -> None:
        self._processes = processes
        self._client = client
        self._cancelled: set[UUID] = set()
        self._stopping: set[asyncio.Task[None]] = set()

    async def beat(self) -> None:
        """Send heartbeats until cancelled; returns at once if Prefect's engine sends them."""
        if not is_active(PrefectPatch.HEARTBEATS):
            return
        while True:
            await asyncio.sleep(float(HEARTBEAT_SECONDS))
            for _, running in self._processes.runs():
                send_heartbeat(running.flow_run)

    def stop_if_ours(self, run_id: UUID, cancelled: bool) -> None:
        """Stop or suspend this run if it is one of ours."""
        for generation, running in self._processes.runs():
            if running.run_id != run_id:
                continue
            if not cancelled:
                generation.signal(run_id, SUSPEND)
            elif run_id not in self._cancelled:
                self._cancelled.add(run_id)
                task = asyncio.create_task(self._processes.stop(run_id, CANCEL))
                self._stopping.add(task)
                task.add_done_callback(self._stopping.discard)

    async def find_stopped(self) -> None:
        """Poll, until cancelled, which of our runs were cancelled or suspended: the safety net.

        Also which were taken for dead: before another worker takes them over.
        """
        odd = [StateType.CANCELLING, StateType.PAUSED, StateType.CRASHED]
        stopped = FlowRunFilterStateType(any_=odd)
        while True:
            await asyncio.sleep(STOP_POLL_SECONDS)
            if ours := [running.run_id for _, running in self._processes.runs()]:
                wanted = FlowRunFilter(
                    id=FlowRunFilterId(any_=ours), state=FlowRunFilterState(type=stopped)
                )
                try:
                    await self._put_right(wanted)
                except Exception as error:  # noqa: BLE001 - whatever it is: it is asked again
                    log.warning("which runs were stopped is not known: %s", type(error).__name__)

    async def _put_right(self, wanted: FlowRunFilter) -> None:
        for found in await self._client.read_flow_runs(flow_run_filter=wanted):
            if found.state_type != StateType.CRASHED:
                self.stop_if_ours(found.id, found.state_type == StateType.CANCELLING)
            elif self._processes.has(found.id):
                await put_right(self._client, found)

    async def was_cancelled(self, run_id: UUID) -> bool:
        """True for a run that ended because it was cancelled; sets that state in Prefect."""
        if run_id not in self._cancelled:
            return False
        self._cancelled.discard(run_id)
        with suppress(ObjectNotFound):
            found = await self._client.read_flow_run(run_id)
            if found.state and not (found.state.is_cancelled() or found.state.is_completed()):
                cancelled: State[None] = Cancelled(message="Cancelled: its process was stopped")
                await self._client.set_flow_run_state(run_id, cancelled, force=True)
        return True
