"""A Prefect worker whose runs start at once: in processes that have imported the flows already."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter
from prefect.workers.base import (
    BaseVariables,
    BaseWorker,
    BaseWorkerResult,
)

from deployments.prefect_patches.cached_reads import Memory
from deployments.prefect_patches.patches import is_active
from deployments.registry.work_pool import WARM
from deployments.worker.child import Order
from deployments.worker.due_runs import DueRuns, is_restricted, sort_asked, sort_heard
from deployments.worker.job import WarmJob
from deployments.worker.priority import is_urgent
from deployments.worker.processes import WarmProcesses
from deployments.worker.running_runs import RunsThatGoOn
from deployments.worker.start_rate import BEGINS_SECONDS, Pace
from schemas.settings import PrefectPatch

if TYPE_CHECKING:
    from prefect.events.schemas.events import Event

RUN = "prefect.flow-run."
DUE = [
    f"{RUN}{name}"
    for name in ("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot", "Resuming", "Late")
]
CANCELLING = f"{RUN}Cancelling"
SUSPENDED = f"{RUN}Suspended"
CHANGED = [
    "prefect.deployment.updated",
    "prefect.deployment.deleted",
    "prefect.work-pool.updated",
    "prefect.work-pool.paused",
    "prefect.work-pool.ready",
    "prefect.work-queue.updated",
    "prefect.work-queue.paused",
    "prefect.work-queue.ready",
]
RECONNECT_SECONDS = 1.0
ASK_SECONDS = 30.0
"""How often Prefect is asked what is due while its events are heard; it is dear, see `_ask`."""
ANSWER_SECONDS = 120.0
"""Longer than any answer of Prefect takes."""
UNSEEN_SECONDS = 0.2
"""So long after its event a run, or a change, is in Prefect's database, surely."""
MOST_AT_ONCE = 200
"""What Prefect answers at most."""

log = logging.getLogger("aeef.worker")


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
        # What is due before we ask again is told, and waits for its time without a place.
        super().__init__(work_pool_name, **{**stock, "prefetch_seconds": 2 * ASK_SECONDS})
        self.processes = WarmProcesses(processes)
        self.reserved = reserved
        self._due = DueRuns()
        self._pace = Pace()
        self._heard: set[UUID] = set()
        self._told = asyncio.Event()
        self._asking = asyncio.Lock()
        self._began: dict[UUID, float] = {}
        self._hears = False
        self._restricted = True  # until we know better
        self._ask_at = 0.0  # at once; else it is `get_and_submit_flow_runs` that asks
        self._result_storage: UUID | None = None
        self._memory = Memory()
        self._background: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def setup(self) -> None:
        """Start the processes, then listen and poll."""
        await self.processes.refresh()
        await super().setup()
        if is_active(PrefectPatch.CACHED_READS):
            self._memory.answer_for(self.client, "read_deployment", "read_flow")
        self._update_flow_run = self.client.update_flow_run
        if is_active(PrefectPatch.RUN_REQUESTS):
            setattr(self.client, self._update_flow_run.__name__, self._update_unless_pid)
        self._going_on = RunsThatGoOn(self.processes, self.client)
        watch = (self._going_on.find_stopped, self._going_on.beat)
        for work in (self._listen, self._take_when_told, *watch):
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
        """The safety net, every few seconds: ask what is due, seldom while we hear of it."""
        await self.processes.refresh()
        if self._hears and time.monotonic() < self._ask_at:
            return []
        await self._ask()
        return await self._start_due()

    async def _ask(self) -> None:
        """Ask what is due, and whether something limits it.

        Not with each run: Prefect then also writes down for each deployment that it was asked for,
        which costs more than the run. A server that does not answer is asked again.
        """
        if not self._has_successfully_synced:
            return
        async with self._asking:
            asked_at = time.monotonic()
            try:
                due = await self._get_scheduled_flow_runs()
                pool = await self.client.read_work_pool(self.work_pool.name)
                queues = await self.client.read_work_queues(self.work_pool.name)
                storage = await self.client.read_server_default_result_storage()
            except httpx.HTTPError as error:
                log.warning("Prefect does not tell which runs are due: %s", type(error).__name__)
                return
        self._ask_at = time.monotonic() + ASK_SECONDS
        self._restricted = is_restricted(pool, queues)
        self._result_storage = storage.default_result_storage_block_id
        now = datetime.now(UTC)
        asked = sort_asked(due, now)
        not_begun = [each for each in asked.due if not self._began_since(each.flow_run, asked_at)]
        (self._due.replace if self._restricted else self._due.add)(not_begun)
        self._remind(asked.later, now)

    async def _look_at_heard(self) -> None:
        """Read the runs that we heard of."""
        ids = set(list(self._heard)[:MOST_AT_ONCE])
        self._heard -= ids
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=list(ids)))
        asked_at = time.monotonic()
        try:
            found = await self.client.read_flow_runs(flow_run_filter=wanted, limit=MOST_AT_ONCE)
        except httpx.HTTPError as error:
            log.warning("Prefect does not show the runs that are due: %s", type(error).__name__)
            self._ask_at = 0.0
            return
        now = datetime.now(UTC)
        heard = sort_heard(ids, found, self.work_pool.id, now)
        self._due.add(
            [each for each in heard.due if not self._began_since(each.flow_run, asked_at)]
        )
        self._remind(heard.later, now)
        if heard.unseen:
            self._beside(self._ask_soon())
        if self._heard:
            self._told.set()

    def _began_since(self, flow_run: FlowRun, asked_at: float) -> bool:
        """True when it was started while the answer that says that it is due was on its way."""
        return self._began.get(flow_run.id, 0.0) >= asked_at

    def _remind(self, later: Mapping[UUID, datetime], now: datetime) -> None:
        """Hear of these again when their time comes; of those that are far away Prefect tells."""
        for run_id, start in later.items():
            wait = (start - now).total_seconds()
            if wait <= 2 * ASK_SECONDS:
                asyncio.get_running_loop().call_later(wait, self._hear_of, run_id)

    def _hear_of(self, run_id: UUID) -> None:
        self._heard.add(run_id)
        self._told.set()

    async def _ask_and_start(self) -> None:
        """Beside the runs that we hear of: they need not wait for the answer."""
        try:
            await self._ask()
            await self._start_due()
        except Exception:
            log.exception("Prefect's answer about due runs was of no use; it is asked again")
            self._ask_at = 0.0

    async def _ask_soon(self) -> None:
        await asyncio.sleep(UNSEEN_SECONDS)
        self._memory.forget()  # what was read before the change was in the database
        self._ask_at = 0.0
        self._told.set()

    async def _start_due(self) -> list[FlowRun]:
        """The most urgent first; places are kept for those that are urgent."""
        if self._stopping:
            return []
        places = float("inf")
        if self._limiter is not None:
            places = self._limiter.total_tokens - self._limiter.borrowed_tokens
        entries = self._due.take(
            places, self.reserved, self._submitting_flow_run_ids, self._pace.lets
        )
        if entries:  # by then others may begin
            asyncio.get_running_loop().call_later(BEGINS_SECONDS, self._told.set)
        now = time.monotonic()
        self._began = {run: at for run, at in self._began.items() if at > now - ANSWER_SECONDS}
        self._began |= {entry.flow_run.id: now for entry in entries}
        return await self._submit_scheduled_flow_runs(entries) if entries else []

    def _release_limit_slot(self, flow_run_id: UUID) -> None:
        super()._release_limit_slot(flow_run_id)
        self._pace.is_over(flow_run_id)
        self._told.set()  # there is a place again

    async def _listen(self) -> None:
        """Hear of runs that are scheduled or cancelled; connect again whenever it breaks off."""
        while True:
            with suppress(Exception):
                await self._subscribe()
            self._hears = False
            self._told.set()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscribe(self) -> None:
        wanted = EventFilter(
            event=EventNameFilter(name=[*DUE, CANCELLING, SUSPENDED, *CHANGED]),
            any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{self.work_pool.id}"]),
        )
        async with get_events_subscriber(filter=wanted, reconnection_attempts=0) as events:
            self._hears, self._ask_at = True, 0.0  # of what came meanwhile
            self._memory.forget()
            self._told.set()
            async for event in events:
                self._hear(event)

    def _hear(self, event: Event) -> None:
        if event.event in CHANGED:
            self._memory.forget()
            self._restricted, self._ask_at = True, 0.0  # until we know better
            self._told.set()
            self._beside(self._ask_soon())
            return
        run_id = UUID(event.resource.id.removeprefix(RUN))
        if event.event in DUE:
            self._hear_of(run_id)
        else:
            self._going_on.stop_if_ours(run_id, cancelled=event.event == CANCELLING)

    async def _take_when_told(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            if not self.is_setup:
                continue
            try:
                if self._restricted:
                    await self._ask()
                elif not self._ask_at and not self._asking.locked():
                    self._beside(self._ask_and_start())
                if self._restricted and self._heard:
                    self._heard.clear()
                    self._beside(self._ask_soon())  # of what Prefect does not show yet
                elif self._heard:
                    await self._look_at_heard()
                await self._start_due()
            except Exception:  # whatever it is, the next run must be heard of
                log.exception("runs that are due could not be started; they are looked for again")
                self._ask_at = 0.0

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
            order = Order(
                flow_run=flow_run,
                environment=environment,
                directory=Path(directory),
                urgent=is_urgent(flow_run),
                known=configuration.related_to(flow_run, self.work_pool),
                result_storage=self._result_storage,
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
        """The number of its process is written by the run itself, with what else it writes."""
        if change.keys() != {"infrastructure_pid"}:
            return await self._update_flow_run(flow_run_id, **change)
        return None
