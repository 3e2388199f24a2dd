"""Limits how many runs start at the same time to what the processor cores can handle."""

from __future__ import annotations

import os
import time
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from deployments.worker.priority import is_urgent

PER_CORE = 2
"""How many runs may start at the same time on each core; more slow each other down."""
BEGINS_SECONDS = 1.0
"""How long a start takes; later a run mostly waits for a deployment or a service."""


class StartRate:
    """Starts a few of many due runs at a time: each run, and all together, finish sooner.

    An urgent run waits only for other urgent runs.
    """

    def __init__(self, at_once: int | None = None) -> None:
        """at_once: how many runs may be starting; by default `PER_CORE` for each core."""
        self._at_once = at_once or PER_CORE * len(os.sched_getaffinity(0))
        self._beginning: dict[UUID, tuple[float, bool]] = {}

    def lets(self, flow_run: FlowRun) -> bool:
        """True if this run may start now; it is then counted as starting."""
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
        """Stop counting a run that has ended, or did not start after all."""
        self._beginning.pop(run_id, None)
