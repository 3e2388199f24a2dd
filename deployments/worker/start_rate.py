"""Lets only so many runs begin at once as the machine has the processor cores for."""

from __future__ import annotations

import os
import time
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from deployments.worker.priority import is_urgent

PER_CORE = 2
"""How many runs begin side by side on each core; more get in each other's way."""
BEGINS_SECONDS = 1.0
"""After that a run mostly waits, for a deployment or a service, and hinders nobody."""


class StartRate:
    """With many runs due, a few at a time: each is over sooner, and all of them together, too.

    Only urgent ones hold an urgent one up.
    """

    def __init__(self, at_once: int | None = None) -> None:
        """at_once: how many may be beginning; by default as many as suit this machine."""
        self._at_once = at_once or PER_CORE * len(os.sched_getaffinity(0))
        self._beginning: dict[UUID, tuple[float, bool]] = {}

    def lets(self, flow_run: FlowRun) -> bool:
        """Whether this run may begin; then it does."""
        now, urgent = time.monotonic(), is_urgent(flow_run)
        self._beginning = {
            run: begun for run, begun in self._beginning.items() if begun[0] > now - BEGINS_SECONDS
        }
        in_its_way = [begun for begun in self._beginning.values() if begun[1] or not urgent]
        if len(in_its_way) >= self._at_once:
            return False
        self._beginning[flow_run.id] = now, urgent
        return True

    def is_over(self, run_id: UUID) -> None:
        """It has ended, or it did not begin after all."""
        self._beginning.pop(run_id, None)
