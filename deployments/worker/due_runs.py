"""The queue of runs that are due and wait for a free place in this worker, by priority."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from datetime import datetime
from math import inf
from typing import NamedTuple
from uuid import UUID

from prefect.client.schemas.objects import FlowRun, WorkPool, WorkQueue
from prefect.client.schemas.responses import WorkerFlowRunResponse

from deployments.worker.priority import claimant_of, is_urgent
from schemas.incident.fairness import Turns

ANSWER_SECONDS = 120.0
"""Longer than any answer of Prefect takes, in seconds."""

HELD_SECONDS = 3600.0
"""A run whose end was missed does not count as running any longer than this."""


class DueRuns:
    """The queue. A run that was cancelled while it waited is refused by Prefect at its start."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, WorkerFlowRunResponse] = {}
        self._taken: dict[UUID, float] = {}
        self._turns = Turns()
        self._holding: dict[UUID, tuple[Hashable, float]] = {}

    def add(self, entries: Iterable[WorkerFlowRunResponse], asked_at: float = inf) -> None:
        """Add runs that are due, except those taken since Prefect was asked.

        asked_at: when Prefect was asked, on the monotonic clock.
        """
        for entry in entries:
            if self._taken.get(entry.flow_run.id, 0.0) < asked_at:
                self._waiting[entry.flow_run.id] = entry

    def clear(self) -> None:
        """Drop every waiting run."""
        self._waiting.clear()

    def is_over(self, run_id: UUID) -> None:
        """Note that a run has ended, or did not start after all."""
        self._holding.pop(run_id, None)

    def take(
        self,
        places: float,
        reserved: int,
        being_started: Container[UUID] = (),
        lets: Callable[[FlowRun], bool] = lambda _: True,
        apart: int = 0,
    ) -> list[WorkerFlowRunResponse]:
        """Remove and return the runs to start now: by priority, then each service in turn.

        places: how many are free; the last `reserved` of them are for urgent runs.
        being_started: runs that were taken before; they are dropped.
        lets: called for each run that has a place; False keeps it waiting.
        apart: the last places, which are only for services that have none.
        """
        now, taken = time.monotonic(), []
        self._taken = {run: at for run, at in self._taken.items() if at > now - ANSWER_SECONDS}
        held = self._holding.items()
        self._holding = {run: each for run, each in held if each[1] > now - HELD_SECONDS}
        waiting = [(claimant_of(each.flow_run), each) for each in self._waiting.values()]
        for entry in self._turns.order(waiting):
            if entry.flow_run.id in being_started:
                self._waiting.pop(entry.flow_run.id)
                continue
            claimant = claimant_of(entry.flow_run)
            kept = 0 if is_urgent(entry.flow_run) else reserved
            if apart and any(claimant.target == target for target, _ in self._holding.values()):
                kept = max(kept, apart)
            if places > kept and lets(entry.flow_run):
                taken.append(self._waiting.pop(entry.flow_run.id))
                self._taken[entry.flow_run.id] = now
                self._holding[entry.flow_run.id] = claimant.target, now
                self._turns.served(claimant)
                places -= 1
        return taken


class Heard(NamedTuple):
    """Runs that were reported as scheduled, sorted.

    due: to be started now.
    later: start times of those that are due later.
    unseen: the API does not return them yet.
    """

    due: list[WorkerFlowRunResponse]
    later: dict[UUID, datetime]
    unseen: set[UUID]


def sort_heard(ids: set[UUID], found: Sequence[FlowRun], pool: UUID, now: datetime) -> Heard:
    """Sort the runs `ids` that events named; found: what the API returned for them."""
    due: list[WorkerFlowRunResponse] = []
    later: dict[UUID, datetime] = {}
    for run in found:
        if run.state is None or not run.state.is_scheduled():
            continue
        start = run.next_scheduled_start_time
        if start is not None and start > now:
            later[run.id] = start
        elif run.work_queue_id is not None:
            due.append(
                WorkerFlowRunResponse(
                    work_pool_id=pool, work_queue_id=run.work_queue_id, flow_run=run
                )
            )
    return Heard(due, later, ids - {run.id for run in found})


def sort_asked(entries: Iterable[WorkerFlowRunResponse], now: datetime) -> Heard:
    """Sort the runs that Prefect's scheduling query returned: due now, or soon."""
    due: list[WorkerFlowRunResponse] = []
    later: dict[UUID, datetime] = {}
    for entry in entries:
        start = entry.flow_run.next_scheduled_start_time
        if start is not None and start > now:
            later[entry.flow_run.id] = start
        else:
            due.append(entry)
    return Heard(due, later, set())


def is_restricted(pool: WorkPool, queues: Iterable[WorkQueue]) -> bool:
    """True when the pool has a limit, pause or queue order: then only Prefect may choose runs."""
    queues = list(queues)
    return (
        pool.is_paused
        or pool.concurrency_limit is not None
        or any(queue.is_paused or queue.concurrency_limit is not None for queue in queues)
        or len({queue.priority for queue in queues}) > 1
    )
