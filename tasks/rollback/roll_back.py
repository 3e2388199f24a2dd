"""The steps of a rollback: choose a proven release, deploy it, put it on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from uuid import NAMESPACE_URL, uuid5

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency

from schemas.model import utc_now
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.case import Case
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.record_rollback import record_rollback
from tasks.step import log_line, step
from tasks.target.lock import target_lock
from tasks.target.release_files import read_history

LIMIT_LEASE = 60.0
"""Seconds after which Prefect frees the limit of a run that was killed (its minimum)."""


def limit_of(target_name: str) -> str:
    """The name of the Prefect concurrency limit that lets one rollback of a target run."""
    return f"aeef-rollback-{target_name}"


@contextmanager
def one_rollback_at_a_time(target: Target, settings: Settings) -> Iterator[None]:
    """Wait until nobody else rolls this target back.

    The lock in the repository covers this machine, and a rollback by hand without Prefect. A
    Prefect server that other machines use, too, also has a limit, which shows in its UI; when its
    holder is killed it is free a minute later, the lock at once.
    """
    with ExitStack() as held:
        if not settings.prefect_embedded:
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


def _chosen(plan: RollbackPlan) -> str:
    return f"chose {plan.to_commit[:12]} for {plan.target}: {plan.chosen_because}"


@step("choose release", says=_chosen, timeout=120)
def choose_rollback(case: Case, target_name: str, to_commit: str | None = None) -> RollbackPlan:
    """Choose the release to go back to; nothing is changed.

    An incident that began before the last rollback of the target joins that one: going back
    once more would leave a good release.
    Raises RollbackError that says why there is none.
    """
    target = case.settings.target(target_name)
    if to_commit is None:
        began = case.incident.detected_at
        last = max(read_history(target).rollbacks, key=lambda entry: entry.timestamp, default=None)
        if last is not None and last.timestamp > began:
            plan = choose_release(target, last.commit)
            return plan.model_copy(
                update={
                    "chosen_because": f"incident {last.incident_id or 'unknown'} already went"
                    f" back to it at {last.timestamp:%H:%M:%S} UTC, after this incident began"
                }
            )
    return choose_release(target, to_commit)


def _deployed(release: DeployedRelease) -> str:
    if not release.changed:
        return f"{release.target} already ran {release.commit[:12]}, and is healthy"
    before = (release.previous or "unknown")[:12]
    return (
        f"rolled {release.target} back from {before} to {release.commit[:12]};"
        f" healthy after {release.healthy_after:.1f} s"
    )


@step("deploy release", says=_deployed, timeout=4 * 3600)
def deploy_rollback(case: Case, plan: RollbackPlan) -> DeployedRelease:
    """Put the planned release in place and see it healthy; else put back what was running.

    Raises RollbackError that says at which stage, and what runs now.
    """
    target = case.settings.target(plan.target)
    report: Callable[[str], None] = log_line
    return deploy_release(target, plan, home=case.settings.home, report=report)


def rollback_id_of(incident_id: str) -> str:
    """One incident rolls a target back once, however often the step runs."""
    return str(uuid5(NAMESPACE_URL, f"aeef:{incident_id}/rollback"))


@step("record rollback", says=lambda text: text, timeout=120)
def note_rollback(case: Case, plan: RollbackPlan, deployed: DeployedRelease) -> str | None:
    """Write the rollback into the target's deployment history, once."""
    if not deployed.changed and plan.already_running:
        return None
    target = case.settings.target(plan.target)
    record_rollback(
        target,
        plan,
        deployed,
        incident_id=case.incident_id,
        rollback_id=rollback_id_of(case.incident_id),
        at=utc_now(),
    )
    return f"recorded the rollback in {target.history}"
