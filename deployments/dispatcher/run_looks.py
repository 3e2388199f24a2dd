"""Looks at one run: its state, who has it, when it gave a sign of life; and what that calls for."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from prefect.client.schemas.objects import FlowRun

from deployments.dispatcher.decide import Deed, Hands, Seen, decide
from deployments.dispatcher.prefect_runs import PrefectRuns, age_of
from deployments.registry.owner import NO_HEARTBEAT
from schemas.settings import Settings
from tasks.store import Store

OLD_AFTER = timedelta(days=1)
"""A run that died longer ago than this is nobody's any longer."""
YOUNG = timedelta(seconds=15)
"""A run that is so short in its state needs no look at who has it."""
OFFLINE_FOR = 15.0
"""Seconds that a worker must stay offline: when Prefect was away, it sent no heartbeat either."""


class RunLooks:
    """Keeps since when each worker is offline."""

    def __init__(self, runs: PrefectRuns, settings: Settings, store: Store) -> None:
        self._runs = runs
        self._settings = settings
        self._store = store
        self._offline_since: dict[str, float] = {}

    def decide(self, run: FlowRun, now: datetime) -> Deed:
        """What to do about the run now."""
        takeover = self._settings.takeover
        attempts = takeover.attempts if run.deployment_id else 0
        within = timedelta(seconds=takeover.pending_within)
        return decide(self._seen(run, now), attempts, within)

    def _seen(self, run: FlowRun, now: datetime) -> Seen:
        state, age = run.state, age_of(run, now)
        kind = state.type.value if state else ""
        watched = kind in ("PENDING", "RUNNING") and age > YOUNG
        silent = None
        if kind == "RUNNING" and state is not None:
            since = max(now - OLD_AFTER, state.timestamp)
            silent = now - (self._runs.last_heartbeat(run, since) or since)
        return Seen(
            state=kind,
            age=age,
            hands=self._hands(run) if watched else Hands.UNKNOWN,
            silent=silent,
            doubtful=bool(state and state.message == NO_HEARTBEAT),
            by_clock=bool(run.auto_scheduled),
            taken_over=self._taken_over(run) if kind == "CRASHED" else 0,
        )

    def _taken_over(self, run: FlowRun) -> int:
        death = run.state.id if run.state else None
        return self._store.times_taken_over(run.id, death)

    def _hands(self, run: FlowRun) -> Hands:
        owner = self._runs.owner_of(run)
        if owner is None:
            return Hands.UNKNOWN
        online = self._runs.workers(run.work_pool_name or self._settings.worker.pool)
        if online.get(owner.worker, False):
            self._offline_since.pop(owner.worker, None)
            return Hands.THERE
        since = self._offline_since.setdefault(owner.worker, time.monotonic())
        return Hands.GONE if time.monotonic() - since >= OFFLINE_FOR else Hands.THERE
