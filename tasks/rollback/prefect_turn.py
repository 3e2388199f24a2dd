"""A target's limit in Prefect's server: it keeps the machines that share the server apart.

It is a help, never a condition: the lock in the repository decides. Prefect counts a slot first and
writes its lease after; a fault between the two leaves a slot that nobody holds and nobody frees.
So whoever holds the limit writes that into the incident store, and a slot of which nobody has
written so for `ORPHAN_SECONDS` counts as nobody's.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import PrefectHTTPStatusError

from schemas.errors import TargetError
from schemas.settings import Settings, Target
from tasks.step import log_line, this_run
from tasks.store import open_store

LIMIT_LEASE = 60.0
"""Seconds after which Prefect releases a killed run's limit (Prefect's minimum)."""
ORPHAN_SECONDS = 90.0
"""The lease, the time that Prefect needs to end it, and a margin."""
ASK_SECONDS = 2.0
TAKEN = 423
"""The HTTP status by which Prefect says that somebody has the slot."""


def limit_of(target_name: str) -> str:
    """The name of the Prefect concurrency limit that allows one rollback of a target."""
    return f"aeef-rollback-{target_name}"


@contextmanager
def prefect_turn(target: Target, settings: Settings) -> Iterator[str | None]:
    """Hold the target's limit in Prefect; yield why it is not held, or None when it is.

    Raises TargetError when another run holds it for longer than a rollback may take.
    """
    holder, store = this_run(), open_store(settings)
    with ExitStack() as held:
        remark = _wait(target, settings, held)
        if remark:
            log_line(remark, logging.WARNING)
        store.begin_turn(target.name, holder)
        try:
            yield remark
        finally:
            _quietly(held, target)
            store.end_turn(target.name, holder)


def _wait(target: Target, settings: Settings, held: ExitStack) -> str | None:
    """Take the limit, into `held`; why it is not taken, when nothing is gained by waiting."""
    store = open_store(settings)
    began = free_since = time.monotonic()
    waits_for = ""
    while (status := _take(target, held)) == TAKEN:
        now = time.monotonic()
        if changer := store.changer_of(target.name):
            free_since = now
        if now - free_since > ORPHAN_SECONDS:
            return (
                f"Prefect's limit {limit_of(target.name)} is taken, but for {ORPHAN_SECONDS:.0f} s"
                f" no run has had {target.name}: went on under the lock in its repository"
            )
        if now - began > target.rollback_timeout.total_seconds():
            whom = changer.holder if changer else "Prefect's limit"
            waited = f"{now - began:.0f} s"
            raise TargetError("wait for turn", f"waited {waited} for {whom}, which has the target")
        if changer and changer.holder != waits_for:
            waits_for = changer.holder
            log_line(f"waiting for {waits_for}, which has {target.name}")
        time.sleep(ASK_SECONDS * random.uniform(0.5, 1))  # noqa: S311 - not a secret
    if status is None:
        return None
    return (
        f"Prefect did not give its limit {limit_of(target.name)} ({status}): went on under the lock"
        f" in the repository of {target.name}, which other machines do not see"
    )


def _take(target: Target, held: ExitStack, *, made: bool = False) -> int | str | None:
    """Ask once. None: it is held now; TAKEN; otherwise what is wrong with Prefect.

    made: the limit was created just now.
    """
    try:
        held.enter_context(
            concurrency(
                limit_of(target.name),
                occupy=1,
                max_retries=0,
                lease_duration=LIMIT_LEASE,
                strict=True,
                # Better let a rollback continue than interrupt it.
                raise_on_lease_renewal_failure=False,
            )
        )
    except ConcurrencySlotAcquisitionError as error:
        cause = error.__cause__
        if cause is None and not made:
            # A target that was configured after the last `aeef deploy` has none yet.
            return _make(target) or _take(target, held, made=True)
        if isinstance(cause, httpx.HTTPStatusError):
            return cause.response.status_code
        return type(cause or error).__name__
    return None


def _make(target: Target) -> int | str | None:
    """Create the limit; what is wrong with Prefect when it cannot be."""
    try:
        with get_client(sync_client=True) as client:
            client.upsert_global_concurrency_limit_by_name(limit_of(target.name), limit=1)
    except PrefectHTTPStatusError as error:
        return error.response.status_code
    except (httpx.HTTPError, OSError) as error:
        return type(error).__name__
    return None


def _quietly(held: ExitStack, target: Target) -> None:
    """Give the limit back; that it fails does not change what was done to the target."""
    try:
        held.close()
    except Exception as error:  # noqa: BLE001 - whatever it is: Prefect ends the lease by itself
        log_line(
            f"Prefect did not take its limit {limit_of(target.name)} back"
            f" ({type(error).__name__}): it ends by itself",
            logging.WARNING,
        )
