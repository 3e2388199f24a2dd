"""A Prefect worker whose runs start at once, in processes that have already imported the flows."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import anyio
import anyio.abc
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.exceptions import Abort
from prefect.states import Pending
from prefect.utilities.engine import propose_state
from prefect.workers.base import BaseVariables, BaseWorker, BaseWorkerResult

from deployments.prefect_patches.cached_reads import ReadCache
from deployments.prefect_patches.patches import is_active
from deployments.registry.owner import taken_by
from deployments.registry.work_pool import WARM
from deployments.worker.child import Order
from deployments.worker.due_runs import DueRuns
from deployments.worker.hearing import ASK_SECONDS, Hearing
from deployments.worker.job import WarmJob
from deployments.worker.ownership.instance import Instance
from deployments.worker.ownership.lost_runs import LostRuns
from deployments.worker.priority import is_urgent
from deployments.worker.processes import WarmProcesses
from deployments.worker.running_runs import RunsThatGoOn
from deployments.worker.start_rate import BEGINS_SECONDS, StartRate
from schemas.settings import PrefectPatch

log = logging.getLogger("aeef.worker")
FEW_PLACES = 4
"""With fewer places than this, none is kept for a service that has no run."""


class WarmResult(BaseWorkerResult):
    """How a run's process ended."""


class WarmWorker(BaseWorker[WarmJob, BaseVariables, WarmResult]):
    """Executes each flow run in a process of its own that was started before the run existed.

    Prefect's events announce a run when it is scheduled; polling is the safety net.
    processes: how many processes wait for a run.
    reserved: how many of the `limit` places are reserved for urgent runs.
    instance: this start of the worker, which each run names that it takes.
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
        instance: Instance,
        **stock: Any,
    ) -> None:
        # Fetch what is due before the next poll, too: it waits for its time without a place.
        super().__init__(work_pool_name, **{**stock, "prefetch_seconds": 2 * ASK_SECONDS})
        self.processes = WarmProcesses(processes)
        self.reserved = reserved
        self._due = DueRuns()
        self._start_rate = StartRate()
        self._stopping = False
        self._instance = instance

    async def setup(self) -> None:
        """Start the processes, then listen and poll."""
        await self.processes.refresh()
        await super().setup()
        self._going_on = RunsThatGoOn(self.processes, self.client)
        cache = ReadCache()
        if is_active(PrefectPatch.CACHED_READS):
            cache.serve(self.client, "read_deployment", "read_flow")
        self._hearing = Hearing(
            self.client,
            lambda: self.work_pool,
            self._scheduled,
            self._due,
            self._start_due,
            self._going_on.stop_if_ours,
            cache.clear,
        )
        self._update_flow_run = self.client.update_flow_run
        if is_active(PrefectPatch.RUN_REQUESTS):
            setattr(self.client, self._update_flow_run.__name__, self._update_unless_pid)
        self._hearing.begin()
        self._hearing.beside(self._going_on.find_stopped())
        self._hearing.beside(self._going_on.beat())
        self._lost = LostRuns(
            self.client,
            self._instance.path.parents[1],
            self._instance.owner,
            lambda: self._work_pool_name,
            lambda: self._held,
        )
        self._hearing.beside(self._lost.watch())

    async def teardown(self, *exc_info: Any) -> None:
        """Stop what still runs, in good order."""
        self._stopping = True
        self._hearing.end()
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
        """Prefect's polling loop calls it every few seconds; mostly it need not ask the server.

        An error would end the worker and every run with it; instead the next round tries again.
        """
        try:
            await self.processes.refresh()
            return await self._start_due() if await self._hearing.ask_if_needed() else []
        except Exception:
            log.exception("runs that are due could not be started; they are looked for again")
            return []

    async def sync_with_backend(self) -> None:
        """As Prefect does; the worker outlives a Prefect that is away for long."""
        try:
            await super().sync_with_backend()
        except Exception as error:
            if not self.is_setup:
                raise
            log.warning("Prefect did not take the worker's heartbeat: %s", type(error).__name__)

    async def _scheduled(self) -> list[WorkerFlowRunResponse] | None:
        """The runs that Prefect lets us start; None before the first synchronisation."""
        if not self._has_successfully_synced:
            return None
        return await self._get_scheduled_flow_runs()

    async def _start_due(self) -> list[FlowRun]:
        """Start due runs by priority, as many as have a place; returns those that were started."""
        if self._stopping:
            return []
        free, apart = float("inf"), 0
        if self._limiter is not None:
            free = self._limiter.available_tokens
            apart = int(self._limiter.total_tokens >= FEW_PLACES)
        entries = self._due.take(free, self.reserved, self._held, self._start_rate.lets, apart)
        if entries:  # after that the next runs may start
            asyncio.get_running_loop().call_later(BEGINS_SECONDS, self._hearing.wake)
        return await self._submit_scheduled_flow_runs(entries) if entries else []

    @property
    def _held(self) -> set[UUID]:
        """The runs that have a place: being started, or with a process."""
        places = self._limiter.statistics().borrowers if self._limiter else ()
        return {*self._submitting_flow_run_ids, *cast("tuple[UUID, ...]", places)}

    def _release_limit_slot(self, flow_run_id: UUID) -> None:
        super()._release_limit_slot(flow_run_id)
        self._start_rate.is_over(flow_run_id)
        if self._due.is_over(flow_run_id):
            self._hearing.look_at(flow_run_id)
        self._hearing.wake()  # a place is free

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """As Prefect does; an error that it lets through would end the worker."""
        try:
            await super()._submit_run(flow_run)
        except Exception:
            log.exception("run %s could not be started; it is looked for again", flow_run.id)
            self._submitting_flow_run_ids.discard(flow_run.id)
            self._lost.look_soon()
        if flow_run.id in self._held and not self.processes.has(flow_run.id):
            self._release_limit_slot(flow_run.id)  # Prefect forgets it on some of its ways

    async def _propose_pending_state(self, flow_run: FlowRun) -> bool:
        """As Prefect does; the state also names us, so that it is known whose run it is."""
        pending: State[None] = Pending(message=taken_by(self._instance.owner))
        try:
            state = await propose_state(self.client, pending, flow_run_id=flow_run.id)
        except Abort as refused:
            log.info("run %s is not ours to start: %s", flow_run.id, refused)
            return False
        except Exception as error:  # noqa: BLE001 - it may be Pending all the same
            log.warning("run %s could not be taken: %s", flow_run.id, type(error).__name__)
            self._lost.look_soon()
            return False
        return state.is_pending()

    async def _propose_crashed_state(
        self, flow_run: FlowRun, message: str, client: PrefectClient | None = None
    ) -> None:
        """As Prefect does, unless the run says itself how it ended, or goes on elsewhere."""
        asked = client or self.client
        try:
            state = (await asked.read_flow_run(flow_run.id)).state
        except Exception as error:  # noqa: BLE001 - whatever it is, the crash must be reported
            log.warning("run %s could not be read: %s", flow_run.id, type(error).__name__)
        else:
            if state is None or not (state.is_pending() or state.is_running()):
                return
        if not self.processes.has(flow_run.id):
            await super()._propose_crashed_state(flow_run, message, *filter(None, [client]))
            self._lost.look_soon()  # for when Prefect did not take it

    # -- a run -----------------------------------------------------------------------------------

    async def run(
        self,
        flow_run: FlowRun,
        configuration: WarmJob,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmResult:
        """Execute a run in a waiting process, and return when the run has ended."""
        environment = {k: value for k, value in configuration.env.items() if value is not None}
        with tempfile.TemporaryDirectory(prefix="aeef-run-") as directory:
            order = Order(
                flow_run=flow_run,
                environment=environment,
                directory=Path(directory),
                urgent=is_urgent(flow_run),
                known=configuration.related_to(flow_run, self.work_pool),
                result_storage=self._hearing.result_storage,
            )
            running = await self.processes.run(order)
            pid = await running.started
            if task_status is not None:
                task_status.started(pid)
            code = await running.ended
        if await self._going_on.was_cancelled(flow_run.id):
            code = 0
        return WarmResult(identifier=str(pid), status_code=code)

    async def _update_unless_pid(self, flow_run_id: UUID, **change: Any) -> Any:
        """Leave out a run's pid: the run writes it itself, together with its name."""
        if change.keys() != {"infrastructure_pid"}:
            return await self._update_flow_run(flow_run_id, **change)
        return None
