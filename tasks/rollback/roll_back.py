"""A rollback: choose a proven release, deploy it, record it.

`roll_back` is the whole procedure, for runbooks and people; its steps are below.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import NAMESPACE_URL, uuid5

from schemas.errors import RollbackError, TargetError
from schemas.incident import Incident, Status
from schemas.model import utc_now
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.case import Case
from tasks.do import Do
from tasks.incident.change_status import change_status
from tasks.rollback.choose_release import choose_release
from tasks.rollback.record_rollback import record_rollback
from tasks.rollback.replace_release import DEPLOY_SECONDS, deploy_plan, replace_release
from tasks.step import step
from tasks.store.claim_keys import of_occurrence
from tasks.target.release_files import read_history


@contextmanager
def _raised_as_rollback() -> Iterator[None]:
    """Turn a TargetError into a RollbackError with its stage."""
    try:
        yield
    except TargetError as error:
        raise RollbackError(error.stage, str(error)) from None


@_raised_as_rollback()
def plan_rollback(target: Target, to_commit: str | None = None) -> RollbackPlan:
    """What `roll_back` would do. Changes nothing; raises RollbackError as it does."""
    return choose_release(target, to_commit)


@_raised_as_rollback()
def roll_back(
    do: Do,
    target: Target,
    settings: Settings,
    to_commit: str | None = None,
    *,
    recreate: bool = False,
) -> DeployedRelease:
    """Replace the failing release by the last known good one, or by the named one.

    recreate: even if it is already running, because its configuration has drifted.
    Raises RollbackError that names the stage at which it failed, and what is running.
    """

    def choose() -> RollbackPlan:
        plan = do(choose_rollback, target.name, to_commit)
        return plan.model_copy(update={"recreate": recreate})

    return replace_release(
        do,
        target,
        settings,
        choose=choose,
        deploy=deploy_rollback,
        record=lambda plan, deployed: do(note_rollback, plan, deployed),
    )


def roll_back_on_request(
    do: Do, target: Target, settings: Settings, to_commit: str | None = None
) -> DeployedRelease:
    """As `roll_back`, for a record opened by `open_for_rollback`, which is then resolved."""
    deployed = roll_back(do, target, settings, to_commit)
    do(change_status, Status.RESOLVED, "the rollback is complete")
    return deployed


def _chosen(plan: RollbackPlan) -> str:
    return f"chose {plan.to_commit[:12]} for {plan.target}: {plan.chosen_because}"


@step("choose release", says=_chosen, timeout=120)
@_raised_as_rollback()
def choose_rollback(case: Case, target_name: str, to_commit: str | None = None) -> RollbackPlan:
    """Choose the release to go back to. Changes nothing.

    An incident, or its present occurrence, that began before the target's last rollback joins
    that one: another rollback would replace a good release.
    Raises RollbackError that says why there is none.
    """
    target = case.settings.target(target_name)
    if to_commit is None:
        began = case.incident.began_at
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


@step("deploy release", says=_deployed, timeout=DEPLOY_SECONDS)
@_raised_as_rollback()
def deploy_rollback(case: Case, plan: RollbackPlan) -> DeployedRelease:
    """As `deploy_plan`, but raises RollbackError."""
    return deploy_plan(case, plan)


def rollback_id_of(incident: Incident) -> str:
    """The id that makes an occurrence roll back a target once, however often the step runs."""
    name = of_occurrence(incident, f"aeef:{incident.incident_id}/rollback")
    return str(uuid5(NAMESPACE_URL, name))


@step("record rollback", says=lambda text: text, timeout=120)
@_raised_as_rollback()
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
        rollback_id=rollback_id_of(case.incident),
        at=utc_now(),
    )
    return f"recorded the rollback in {target.history}"
