"""One rollback of a target at a time: on this machine, and wherever the same Prefect is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency

from schemas.settings import Settings, Target
from tasks.step import in_flow_run, log_line
from tasks.target.lock import target_lock

LIMIT_LEASE = 60.0
"""Seconds after which Prefect frees the limit of a run that was killed (its minimum)."""


def limit_of(target_name: str) -> str:
    """The name of the Prefect concurrency limit that lets one rollback of a target run."""
    return f"aeef-rollback-{target_name}"


@contextmanager
def one_rollback_at_a_time(target: Target, settings: Settings) -> Iterator[None]:
    """Wait until nobody else rolls this target back.

    The lock in the repository covers this machine, and a rollback by hand without Prefect. For
    a flow run, a Prefect server that other machines use, too, also has a limit, which shows in
    its UI; when its holder is killed it is free a minute later, the lock at once.
    """
    with ExitStack() as held:
        if in_flow_run() and not settings.prefect_embedded:
            _hold_prefect_limit(target, held)
        held.enter_context(target_lock(target, settings.home, waiting=log_line))
        yield


def _hold_prefect_limit(target: Target, held: ExitStack) -> None:
    try:
        held.enter_context(_prefect_limit(target))
    except ConcurrencySlotAcquisitionError:
        # A target that was configured after the last `aeef deploy` has none yet.
        with get_client(sync_client=True) as client:
            client.upsert_global_concurrency_limit_by_name(limit_of(target.name), limit=1)
        held.enter_context(_prefect_limit(target))


def _prefect_limit(target: Target) -> AbstractContextManager[None]:
    return concurrency(
        limit_of(target.name),
        occupy=1,
        lease_duration=LIMIT_LEASE,
        strict=True,
        # A rollback that goes on is better than one that is cut off.
        raise_on_lease_renewal_failure=False,
    )
