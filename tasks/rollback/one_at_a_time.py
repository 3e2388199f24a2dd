"""One rollback of a target at a time: on this machine, and on all that share its Prefect."""

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
"""Seconds after which Prefect releases a killed run's limit (Prefect's minimum)."""


def limit_of(target_name: str) -> str:
    """The name of the Prefect concurrency limit that allows one rollback of a target."""
    return f"aeef-rollback-{target_name}"


@contextmanager
def one_rollback_at_a_time(target: Target, settings: Settings) -> Iterator[None]:
    """Wait until nobody else is rolling back this target.

    The lock in the repository covers this machine, including a rollback by hand without Prefect.
    A flow run also takes a limit in Prefect's server, which covers other machines and is shown in
    its UI; after its holder is killed, it is free a minute later, the lock at once.
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
        # Better let a rollback continue than interrupt it.
        raise_on_lease_renewal_failure=False,
    )
