"""Checks whether Prefect would carry out a runbook: server, deployments, automations, worker."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from deployments.registry.automations import automations
from deployments.registry.catalog import DEPLOYED
from deployments.registry.present import deployments_of_ours, every
from schemas.settings import Settings

REGISTERED_SECONDS = 30.0
"""How long deployments and automations count as seen."""


def prefect_problems(settings: Settings) -> list[str]:
    """What is missing in Prefect, each with its remedy."""
    with closing(PrefectState(settings)) as state:
        return state.problems()


class PrefectState:
    """Looks again and again: at the server and its workers each time, at the rest more rarely.

    Over one kept connection: to make a client takes longer than its question.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registered_at = float("-inf")
        self._open = ExitStack()
        self._client: SyncPrefectClient | None = None

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        self._client = None
        self._open.close()

    def problems(self) -> list[str]:
        """What is missing in Prefect, each with its remedy."""
        try:
            if self._client is None:
                self._client = self._open.enter_context(get_client(sync_client=True))
            return [*self._unregistered(self._client), *_worker(self._client, self._settings)]
        except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
            self.close()
            self._registered_at = float("-inf")  # it may come back with another database
            return [f"Prefect's server does not answer ({type(error).__name__}): start it"]

    def _unregistered(self, client: SyncPrefectClient) -> list[str]:
        """What `aeef deploy` makes and is not there. Only a person takes any of it away."""
        if time.monotonic() - self._registered_at < REGISTERED_SECONDS:
            return []
        missing = [*_deployments(client), *_automations(client)]
        if not missing:
            self._registered_at = time.monotonic()
        return missing


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
    present = deployments_of_ours(client)
    missing = sorted({row.deployment for row in DEPLOYED} - present.keys())
    return [f"deployments are missing ({', '.join(missing)}): run `aeef deploy`"] if missing else []


def _automations(client: SyncPrefectClient) -> list[str]:
    present = {each.name: each for each in every(client.read_automations)}
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
