"""Finds runs that this machine's worker had and has no longer, and marks them Crashed.

A worker that is killed leaves its runs Pending, for which Prefect has no clock, or Running until
their heartbeats are missed. The next start of the worker knows at once that they are dead. It also
finds its own: Prefect may have set a state although its answer was lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, Running

from deployments.registry.owner import NO_HEARTBEAT, NOBODY_HAS_IT, Owner, owner_in
from deployments.worker.ownership.instance import ended_instances

LOOK_SECONDS = 30.0
SOON_SECONDS = 2.0
SETTLED = timedelta(seconds=15)
"""A state that is younger may belong to a start that is under way."""
MOST_RUNS = 200
"""The most runs that Prefect returns at once."""

log = logging.getLogger("aeef.worker")


class LostRuns:
    """Looks for them every `LOOK_SECONDS`, and soon after `look_soon`.

    has: the runs that this worker has or is about to start.
    """

    def __init__(
        self,
        client: PrefectClient,
        home: Path,
        owner: Owner,
        pool: Callable[[], str],
        has: Callable[[], Container[UUID]],
    ) -> None:
        self._client = client
        self._home = home
        self._owner = owner
        self._pool = pool
        self._has = has
        self._soon = asyncio.Event()
        self._owners: dict[UUID, Owner | None] = {}

    def look_soon(self) -> None:
        """Look in a moment: a run may have been lost just now."""
        self._soon.set()

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - Prefect may be away: it is done again
                log.warning("runs without a worker were not looked for: %s", type(error).__name__)
                self._soon.set()
            try:
                await asyncio.wait_for(self._soon.wait(), LOOK_SECONDS)
                await asyncio.sleep(SOON_SECONDS)
            except TimeoutError:
                pass
            self._soon.clear()

    async def look(self) -> None:
        """Mark as Crashed what nobody on this machine has any longer."""
        runs = await self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(
                    type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])
                )
            ),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._pool()])),
            limit=MOST_RUNS,
        )
        states = {run.state.id for run in runs if run.state}
        self._owners = {each: owner for each, owner in self._owners.items() if each in states}
        ended = ended_instances(self._home, self._owner.worker)
        now = datetime.now(UTC)
        for run in runs:
            if run.id in self._has():
                continue
            owner = await self._owner_of(run)
            if owner is None or owner.worker != self._owner.worker:
                continue
            if owner.instance in ended:
                await self._crash(run, "the worker that had it has ended")
            elif owner.instance == self._owner.instance and _age(run, now) > SETTLED:
                await self._crash(run, "its worker did not hear that it was to start it")

    async def _owner_of(self, run: FlowRun) -> Owner | None:
        assert run.state is not None
        if owner := owner_in([run.state.message]):
            return owner
        # Kept by the state: when the run goes on elsewhere it has another one.
        if run.state.id not in self._owners:
            states = await self._client.read_flow_run_states(run.id)
            newest_first = sorted(states, key=lambda state: state.timestamp, reverse=True)
            self._owners[run.state.id] = owner_in(state.message for state in newest_first)
        return self._owners[run.state.id]

    async def _crash(self, run: FlowRun, why: str) -> None:
        """Mark it Crashed, unless it went on since we read it."""
        assert run.state is not None
        found = await self._client.read_flow_run(run.id)
        if found.state is None or found.state.id != run.state.id or run.id in self._has():
            return
        crashed: State[None] = Crashed(message=f"{NOBODY_HAS_IT}{why}")
        await self._client.set_flow_run_state(run.id, crashed)
        log.warning("run %s was %s: %s", run.id, run.state.name, why)


async def put_right(client: PrefectClient, run: FlowRun) -> None:
    """Mark a run as Running again that Prefect took for dead although its process lives."""
    if run.state is None or not run.state.is_crashed() or run.state.message != NO_HEARTBEAT:
        return
    running: State[None] = Running(message="It lives: its heartbeats were late, not missing")
    try:
        await client.set_flow_run_state(run.id, running, force=True)
    except ObjectNotFound:
        return
    log.warning("run %s was marked Crashed although it lives; put right", run.id)


def _age(run: FlowRun, now: datetime) -> timedelta:
    assert run.state is not None
    return now - run.state.timestamp
