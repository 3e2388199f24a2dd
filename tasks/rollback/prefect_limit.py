"""A target's concurrency limit in Prefect: asked for once, with a lease that is renewed beside."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import NamedTuple
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from tasks.step import log_line

LIMIT_LEASE = 60.0
"""Seconds after which Prefect releases a killed run's limit (Prefect's minimum)."""
ANSWER_SECONDS = 10.0
TAKEN = 423
"""The HTTP status by which Prefect says that somebody has the slot."""


def limit_of(target_name: str) -> str:
    """The name of the Prefect concurrency limit that allows one rollback of a target."""
    return f"aeef-rollback-{target_name}"


class Fault(NamedTuple):
    """Prefect could not say whether the limit is free."""

    reason: str


class Lease:
    """The limit is held until `end`; faults of Prefect meanwhile change nothing."""

    def __init__(self, name: str, lease_id: UUID) -> None:
        self._name = name
        self._lease_id = lease_id
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._renew,), name=f"lease of {name}", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        """Give the limit back; that it fails does not change what was done to the target."""
        self._over.set()
        self._thread.join(2 * ANSWER_SECONDS)
        try:
            with _prefect() as client:
                client.release_concurrency_slots_with_lease(lease_id=self._lease_id)
        except Exception as error:  # noqa: BLE001 - whatever Prefect's client raises
            said = f"Prefect did not take its limit {self._name} back ({type(error).__name__})"
            log_line(f"{said}: it ends by itself", logging.WARNING)

    def _renew(self) -> None:
        while not self._over.wait(LIMIT_LEASE / 4):
            try:
                with _prefect() as client:
                    client.renew_concurrency_lease(self._lease_id, LIMIT_LEASE)
            except Exception as error:  # noqa: BLE001 - better let a rollback go on than stop it
                what = f"Prefect did not renew its limit {self._name}"
                log_line(f"{what}: {type(error).__name__}", logging.WARNING)


def take_limit(target_name: str) -> Lease | Fault | None:
    """Ask once. None: somebody else has it."""
    name = limit_of(target_name)
    try:
        with _prefect() as client:
            held = _increment(client, name)
            if not held["limits"]:
                # A target that was configured after the last `aeef deploy` has none yet.
                client.upsert_global_concurrency_limit_by_name(name, limit=1)
                held = _increment(client, name)
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        return None if status == TAKEN else Fault(str(status))
    except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
        return Fault(type(error).__name__)
    return Lease(name, UUID(held["lease_id"]))


def _increment(client: SyncPrefectClient, name: str) -> dict[str, str]:
    answer = client.increment_concurrency_slots_with_lease(
        names=[name], slots=1, mode="concurrency", lease_duration=LIMIT_LEASE
    )
    held: dict[str, str] = answer.json()
    return held


@contextmanager
def _prefect() -> Iterator[SyncPrefectClient]:
    """A client that asks once: whoever waits asks again, and knows then what came before."""
    once = {PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: ANSWER_SECONDS}
    with temporary_settings(once), get_client(sync_client=True) as client:
        yield client
