"""Checks whether an alert would be handled: store, threads, Prefect, worker, automations."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from deployments.intake.door import Door
from deployments.registry.automations import automations
from deployments.registry.catalog import DEPLOYED
from schemas.errors import AeefError
from schemas.settings import Settings
from tasks.drift.blindness import standing_blindness
from tasks.store import Store

LOOK_MARGIN = 30.0
"""Seconds that a look may be late before the next one counts as missing."""
KEPT_SECONDS = 2.0
"""Prefect is asked at most once in so many seconds, however many probes come."""


class Readiness:
    """Answers `/health`."""

    def __init__(self, settings: Settings, store: Store, door: Door) -> None:
        self.settings = settings
        self.store = store
        self.door = door
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._prefect_problems: list[str] = []

    def problems(self) -> list[str]:
        """What prevents an alert from being handled, as sentences; empty when nothing does."""
        problems = []
        try:
            self.store.ping()
        except AeefError as error:
            problems.append(str(error))
        if not self.door.works:
            problems.append("the intake's background threads have died: restart the intake")
        if self.door.dispatcher.problem:
            problems.append(self.door.dispatcher.problem)
        if late := self.door.escalation_watch.problem:
            problems.append(late)
        if waiting := self._looks_overdue():
            problems.append(waiting)
        problems += standing_blindness(self.settings.targets, self.settings.home)
        with self._lock:
            if time.monotonic() - self._asked_at > KEPT_SECONDS:
                self._prefect_problems = prefect_problems(self.settings)
                self._asked_at = time.monotonic()
            return problems + self._prefect_problems

    def _looks_overdue(self) -> str | None:
        """Looks that nobody makes: an alert may be a second outage, and nobody is paged for it."""
        after = timedelta(seconds=2 * (self.settings.relapse.look_within + LOOK_MARGIN))
        try:
            waiting = self.store.looks_due(after)
        except AeefError:
            return None  # the store's own problem is named above
        if not waiting:
            return None
        return f"{waiting} incidents wait for a look at their services: restart the intake"


def prefect_problems(settings: Settings) -> list[str]:
    """What is missing in Prefect, each with its remedy."""
    try:
        with get_client(sync_client=True) as client:
            return [
                *_deployments(client),
                *_automations(client),
                *_worker(client, settings),
            ]
    except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
        return [f"Prefect's server does not answer ({type(error).__name__}): start it"]


def server_problem() -> str | None:
    """Why Prefect's server cannot be used; None when it can."""
    try:
        with get_client(sync_client=True) as client:
            failure = client.api_healthcheck()
    except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
        failure = error
    if failure is None:
        return None
    return f"Prefect's server does not answer ({type(failure).__name__}): start it"


def _deployments(client: SyncPrefectClient) -> list[str]:
    missing = []
    for name in sorted(row.deployment for row in DEPLOYED):
        try:
            client.read_deployment_by_name(name)
        except ObjectNotFound:
            missing.append(name)
    return [f"deployments are missing ({', '.join(missing)}): run `aeef deploy`"] if missing else []


def _automations(client: SyncPrefectClient) -> list[str]:
    present = {each.name: each for each in client.read_automations()}
    problems = []
    for row in automations():
        if row.name not in present:
            problems.append(f"automation '{row.name}' is missing: run `aeef deploy`")
        elif not present[row.name].enabled:
            problems.append(f"automation '{row.name}' is switched off: switch it on in Prefect")
    return problems


def _worker(client: SyncPrefectClient, settings: Settings) -> list[str]:
    pool = settings.worker.pool
    try:
        workers = client.read_workers_for_work_pool(pool)
    except ObjectNotFound:
        return [f"work pool '{pool}' is missing: run `aeef deploy`"]
    if any(worker.status == "ONLINE" for worker in workers):
        return []
    return [f"no worker of work pool '{pool}' is online: run `aeef up`, or `aeef worker`"]
