"""A Prefect worker whose runs start at once: in processes that have imported the flows already."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled
from prefect.workers.base import (
    BaseJobConfiguration,
    BaseVariables,
    BaseWorker,
    BaseWorkerResult,
)

from deployments.run_warm import CANCEL, Order
from deployments.suspension import SUSPEND
from deployments.urgency import is_urgent, urgency
from deployments.warm_processes import WarmProcesses
from deployments.work_pool import WARM

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun
    from prefect.client.schemas.responses import DeploymentResponse, WorkerFlowRunResponse
    from prefect.events.schemas.events import Event

DUE = [f"prefect.flow-run.{name}" for name in ("Scheduled", "AwaitingRetry", "Resuming")]
CANCELLING = "prefect.flow-run.Cancelling"
SUSPENDED = "prefect.flow-run.Suspended"
RECONNECT_SECONDS = 1.0
STOP_POLL_SECONDS = 5.0
"""How often it is asked whether somebody cancelled or suspended a run of ours."""

log = logging.getLogger("aeef.worker")


class WarmJob(BaseJobConfiguration):
    """What can be set for a run; `env` is used, the rest is for stock workers of the same pool."""

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        *more: Any,
        **named: Any,
    ) -> None:
        """As Prefect; and a flow that is a module of ours need not be looked up by the run."""
        super().prepare_for_flow_run(flow_run, deployment, *more, **named)
        if deployment and not deployment.pull_steps and ":" not in (deployment.entrypoint or ":"):
            self.env["PREFECT__FLOW_ENTRYPOINT"] = deployment.entrypoint


class WarmResult(BaseWorkerResult):
    """How a run's process ended."""


class WarmWorker(BaseWorker[WarmJob, BaseVariables, WarmResult]):
    """Runs each flow run in a process of its own that was ready before the run was there.

    It hears of a run by Prefect's events the moment it is scheduled; polling is the safety net.
    processes: how many wait for a run.
    reserved: of `limit` places so many are kept for urgent runs.
    """

    type = WARM
    job_configuration = WarmJob
    job_configuration_variables = BaseVariables
    _description = "Run flows in processes that have already imported them."
    _display_name = "AEEF warm processes"

    def __init__(
        self,
        work_pool_name: str,
        *,
        processes: int = 2,
        reserved: int = 0,
        **stock: Any,
    ) -> None:
        # A run that is due later must not occupy a place until then.
        super().__init__(work_pool_name, **{**stock, "prefetch_seconds": 0})
        self.processes = WarmProcesses(processes)
        self.reserved = reserved
        self._told = asyncio.Event()
        self._taking = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self._cancelled: set[UUID] = set()
        self._stopping = False

    async def setup(self) -> None:
        """Start the processes, then listen and poll."""
        await self.processes.refresh()
        await super().setup()
        for work in (self._listen, self._take_when_told, self._find_stopped):
            self._beside(work())

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def teardown(self, *exc_info: Any) -> None:
        """Stop what still runs, in good order."""
        self._stopping = True
        for task in self._background:
            task.cancel()
        await asyncio.gather(
            *(
                self.processes.stop(running.run_id, signal.SIGTERM)
                for _, running in self.processes.runs()
            )
        )
        await super().teardown(*exc_info)
        await self.processes.close()

    # -- runs come in ----------------------------------------------------------------------------

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Take what is due; a server that does not answer is asked again, and nothing ends."""
        async with self._taking:
            try:
                await self.processes.refresh()
                return await super().get_and_submit_flow_runs()
            except httpx.HTTPError as error:
                log.warning("Prefect does not tell which runs are due: %s", type(error).__name__)
                return []

    async def _submit_scheduled_flow_runs(
        self, flow_run_response: list[WorkerFlowRunResponse]
    ) -> list[FlowRun]:
        """The most urgent first; places are kept for those that are urgent."""
        if self._stopping:
            return []
        ranked = sorted(flow_run_response, key=lambda entry: urgency(entry.flow_run))
        places = float("inf")
        if self._limiter is not None:
            places = self._limiter.total_tokens - self._limiter.borrowed_tokens
        admitted = []
        for entry in ranked:
            if entry.flow_run.id in self._submitting_flow_run_ids:
                continue
            if places > (0 if is_urgent(entry.flow_run) else self.reserved):
                admitted.append(entry)
                places -= 1
        return await super()._submit_scheduled_flow_runs(admitted)

    async def _listen(self) -> None:
        """Hear of runs that are scheduled or cancelled; connect again whenever it breaks off."""
        while True:
            with suppress(Exception):
                await self._subscribe()
            self._told.set()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscribe(self) -> None:
        wanted = EventFilter(
            event=EventNameFilter(name=[*DUE, CANCELLING, SUSPENDED]),
            any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{self.work_pool.id}"]),
        )
        async with get_events_subscriber(filter=wanted, reconnection_attempts=0) as events:
            self._told.set()  # of what came meanwhile
            async for event in events:
                self._hear(event)

    def _hear(self, event: Event) -> None:
        if event.event in DUE:
            self._told.set()
        else:
            run_id = UUID(event.resource.id.removeprefix("prefect.flow-run."))
            self._stop_if_ours(run_id, cancelled=event.event == CANCELLING)

    async def _take_when_told(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            if self.is_setup:
                await self.get_and_submit_flow_runs()

    # -- a run -----------------------------------------------------------------------------------

    async def run(
        self,
        flow_run: FlowRun,
        configuration: WarmJob,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmResult:
        """Carry a run out in a waiting process, and return when the process has ended."""
        environment = {k: value for k, value in configuration.env.items() if value is not None}
        with tempfile.TemporaryDirectory(prefix="aeef-run-") as directory:
            order = Order(flow_run.id, environment, Path(directory), is_urgent(flow_run))
            running = await self.processes.run(order)
            pid = await running.started
            if task_status is not None:
                task_status.started(pid)
            code = await running.ended
        if flow_run.id in self._cancelled:
            self._cancelled.discard(flow_run.id)
            await self._say_cancelled(flow_run.id)
            code = 0
        self._told.set()  # there is a place again
        return WarmResult(identifier=str(pid), status_code=code)

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Not needed: the run's `infrastructure_pid` names us. It would be a write for each run."""

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Not needed: our processes run as soon as they are asked."""

    # -- a run is cancelled or suspended ---------------------------------------------------------

    def _stop_if_ours(self, run_id: UUID, *, cancelled: bool) -> None:
        for generation, running in self.processes.runs():
            if running.run_id != run_id:
                continue
            if not cancelled:
                generation.signal(run_id, SUSPEND)
            elif run_id not in self._cancelled:
                self._cancelled.add(run_id)
                self._beside(self.processes.stop(run_id, CANCEL))

    async def _find_stopped(self) -> None:
        """The safety net: ask which of our runs were cancelled or suspended."""
        while True:
            await asyncio.sleep(STOP_POLL_SECONDS)
            if ours := [running.run_id for _, running in self.processes.runs()]:
                stopped = FlowRunFilterStateType(any_=[StateType.CANCELLING, StateType.PAUSED])
                wanted = FlowRunFilter(
                    id=FlowRunFilterId(any_=ours), state=FlowRunFilterState(type=stopped)
                )
                with suppress(httpx.HTTPError):
                    for found in await self.client.read_flow_runs(flow_run_filter=wanted):
                        cancelled = found.state_type == StateType.CANCELLING
                        self._stop_if_ours(found.id, cancelled=cancelled)

    async def _say_cancelled(self, run_id: UUID) -> None:
        with suppress(ObjectNotFound):
            found = await self.client.read_flow_run(run_id)
            if found.state and not (found.state.is_cancelled() or found.state.is_completed()):
                told: State[None] = Cancelled(message="Cancelled: its process was stopped")
                await self.client.set_flow_run_state(run_id, told, force=True)
