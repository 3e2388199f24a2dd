"""How the worker learns that a run is due: from Prefect's events; polling is the safety net."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import WorkPool
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter

from deployments.prefect_patches.patches import is_active
from deployments.worker.due_runs import DueRuns, is_restricted, sort_asked, sort_heard
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
    *(f"prefect.work-pool.{how}" for how in ("updated", "paused", "ready")),
    *(f"prefect.work-queue.{how}" for how in ("updated", "paused", "ready")),
]
RECONNECT_SECONDS = 1.0
ASK_SECONDS = 30.0
"""Interval of polling while events arrive; polling is expensive for Prefect, see `_ask`."""
UNSEEN_SECONDS = 0.2
"""This long after its event, a run or a change is certainly in Prefect's database."""
MOST_AT_ONCE = 200
"""The most runs that Prefect returns at once."""

log = logging.getLogger("aeef.worker")


class Hearing:
    """Keeps `due` up to date, and calls `start` when a run is due.

    pool: returns the work pool. start: starts those due runs that have a place.
    scheduled: the runs that Prefect lets the worker start, now and soon; None: not known yet.
    stop: called with a run that somebody suspended, or (True) cancelled.
    changed: called when a deployment, a flow, the pool or a queue may have changed.
    """

    def __init__(
        self,
        client: PrefectClient,
        pool: Callable[[], WorkPool],
        scheduled: Callable[[], Awaitable[list[WorkerFlowRunResponse] | None]],
        due: DueRuns,
        start: Callable[[], Awaitable[object]],
        stop: Callable[[UUID, bool], None],
        changed: Callable[[], None],
    ) -> None:
        self._client = client
        self._pool = pool
        self._scheduled = scheduled
        self._due = due
        self._start = start
        self._stop = stop
        self._changed = changed
        self.result_storage: UUID | None = None
        self._heard: set[UUID] = set()
        self._woken = asyncio.Event()
        self._asking = asyncio.Lock()
        self._hears = False
        self._restricted = True  # until the first answer
        self._ask_at = 0.0  # 0: as soon as possible; else `ask_if_needed` asks when it is time
        self._background: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Start listening."""
        self.beside(self._listen())
        self.beside(self._take_what_is_heard())

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this in the background until `end`."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def end(self) -> None:
        """Stop listening, and cancel what runs in the background."""
        for task in self._background:
            task.cancel()

    def wake(self) -> None:
        """Look for runs to start, because a place may be free."""
        self._woken.set()

    async def ask_if_needed(self) -> bool:
        """Ask what is due; while events arrive only every `ASK_SECONDS`. False: not asked."""
        if self._hears and time.monotonic() < self._ask_at:
            return False
        await self._ask()
        return True

    # -- asked -----------------------------------------------------------------------------------

    async def _ask(self) -> None:
        """Ask Prefect what is due, and whether the pool or a queue is restricted.

        Not for each run: Prefect then also updates every deployment as polled, which costs more
        than the run. A server that does not answer is asked again.
        """
        async with self._asking:
            asked_at = time.monotonic()
            try:
                due = await self._scheduled()
                if due is None:
                    return
                pool = await self._client.read_work_pool(self._pool().name)
                queues = await self._client.read_work_queues(pool.name)
                if is_active(PrefectPatch.RUN_REQUESTS):
                    storage = await self._client.read_server_default_result_storage()
                    self.result_storage = storage.default_result_storage_block_id
            except httpx.HTTPError as error:
                log.warning("Prefect does not say which runs are due: %s", type(error).__name__)
                return
        self._ask_at = time.monotonic() + ASK_SECONDS
        self._restricted = is_restricted(pool, queues)
        now = datetime.now(UTC)
        asked = sort_asked(due, now)
        if self._restricted:
            self._due.clear()
        self._due.add(asked.due, asked_at)
        self._remind(asked.later, now)

    async def _ask_and_start(self) -> None:
        """Ask, then start; in the background, so that runs known from events need not wait."""
        try:
            await self._ask()
            await self._start()
        except Exception:
            log.exception("Prefect's answer about due runs was of no use; asking again")
            self._ask_at = 0.0

    async def _ask_soon(self) -> None:
        await asyncio.sleep(UNSEEN_SECONDS)
        self._changed()  # for what was read before the change was in the database
        self._ask_at = 0.0
        self.wake()

    # -- heard -----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Listen for scheduled and stopped runs; reconnect whenever the connection breaks."""
        while True:
            with suppress(Exception):
                await self._subscribe()
            self._hears = False
            self.wake()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _subscribe(self) -> None:
        wanted = EventFilter(
            event=EventNameFilter(name=[*DUE, CANCELLING, SUSPENDED, *CHANGED]),
            any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{self._pool().id}"]),
        )
        async with get_events_subscriber(filter=wanted, reconnection_attempts=0) as events:
            self._hears, self._ask_at = True, 0.0  # ask for what was scheduled before that
            self._changed()
            self.wake()
            async for event in events:
                self._hear(event)

    def _hear(self, event: Event) -> None:
        if event.event in CHANGED:
            self._changed()
            self._restricted, self._ask_at = True, 0.0  # until the next answer
            self._woken.set()
            self.beside(self._ask_soon())
            return
        run_id = UUID(event.resource.id.removeprefix(RUN))
        if event.event in DUE:
            self.look_at(run_id)
        else:
            self._stop(run_id, event.event == CANCELLING)

    def look_at(self, run_id: UUID) -> None:
        """Read this run, and start it if it is due."""
        self._heard.add(run_id)
        self.wake()

    def _remind(self, later: Mapping[UUID, datetime], now: datetime) -> None:
        """Look at these again at their start time; polling returns those that are further off."""
        for run_id, start in later.items():
            wait = (start - now).total_seconds()
            if wait <= 2 * ASK_SECONDS:
                asyncio.get_running_loop().call_later(wait, self.look_at, run_id)

    async def _look_at_heard(self) -> None:
        """Read the runs that events named, and queue those that are due."""
        ids = set(list(self._heard)[:MOST_AT_ONCE])
        self._heard -= ids
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=list(ids)))
        asked_at = time.monotonic()
        try:
            found = await self._client.read_flow_runs(flow_run_filter=wanted, limit=MOST_AT_ONCE)
        except httpx.HTTPError as error:
            log.warning("Prefect does not show the runs that are due: %s", type(error).__name__)
            self._ask_at = 0.0
            return
        heard = sort_heard(ids, found, self._pool().id, now := datetime.now(UTC))
        self._due.add(heard.due, asked_at)
        self._remind(heard.later, now)
        if heard.unseen:
            self.beside(self._ask_soon())
        if self._heard:
            self.wake()

    async def _take_what_is_heard(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._take()
            except Exception:  # whatever it is, the next run must still be started
                log.exception("runs that are due could not be started; they are looked for again")
                self._ask_at = 0.0

    async def _take(self) -> None:
        if self._restricted:
            await self._ask()
        elif not self._ask_at and not self._asking.locked():
            self.beside(self._ask_and_start())
        if self._restricted and self._heard:
            self._heard.clear()
            self.beside(self._ask_soon())  # the API may not return it yet
        elif self._heard:
            await self._look_at_heard()
        await self._start()
