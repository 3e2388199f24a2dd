"""A rollback: choose a proven release, deploy it, record it.

`roll_back` is the whole procedure, for runbooks and people; its steps are below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from schemas.automation import Act
from schemas.errors import RollbackError, TargetError
from schemas.incident import Incident, Status
from schemas.model import utc_now
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from schemas.wording import some
from tasks.case import Case, Intent
from tasks.do import Do
from tasks.incident.change_status import change_status
from tasks.rollback.choose_release import choose_release
from tasks.rollback.record_rollback import record_rollback
from tasks.rollback.rehearse import refuse_impossible
from tasks.rollback.replace_release import DEPLOY_SECONDS, deploy_plan, replace_release
from tasks.step import step
from tasks.store.claim_keys import of_occurrence
from tasks.target.release_files import read_history, wrong_history


@contextmanager
def _raised_as_rollback() -> Iterator[None]:
    """Turn a TargetError into a RollbackError with its stage."""
    try:
        yield
    except TargetError as error:
        raise RollbackError(error.stage, str(error)) from None


@_raised_as_rollback()
def plan_rollback(
    target: Target, to_commit: str | None = None, began: datetime | None = None
) -> RollbackPlan:
    """What `roll_back` would choose. Changes nothing; raises RollbackError as it does.

    began: of the incident, or its present occurrence, that it is for; None: of none yet. What
    began before the target's last rollback joins that one: another one would replace a good
    release.
    """
    if to_commit is None and began is not None:
        history = read_history(target)
        last = max(history.rollbacks, key=lambda entry: entry.timestamp, default=None)
        if odd := history.perhaps_rolled_back_since(began):
            raise wrong_history(
                target,
                f"{odd}: so this may have been rolled back after the incident began; mend that"
                " entry, or name a release with --to-commit",
            )
        if last is not None and last.timestamp > began:
            plan = choose_release(target, last.commit)
            return plan.model_copy(
                update={
                    "chosen_because": f"incident {last.incident_id or 'unknown'} already went"
                    f" back to it at {last.timestamp:%H:%M:%S} UTC, after this incident began"
                }
            )
    return choose_release(target, to_commit)


def rehearse_rollback(
    target: Target, home: Path, to_commit: str | None = None, began: datetime | None = None
) -> RollbackPlan:
    """What `roll_back` would do, as far as can be seen without doing it. Changes nothing.

    began: as for `plan_rollback`.
    Raises RollbackError as it would before it changes anything; the text names the release.
    """
    return foresee(plan_rollback(target, to_commit, began), target, home)


def foresee(plan: RollbackPlan, target: Target, home: Path) -> RollbackPlan:
    """The plan with what can be seen beforehand of carrying it out. Raises RollbackError."""
    try:
        foreseen = refuse_impossible(target, plan, home)
    except TargetError as error:
        chosen = f"{plan.to_commit[:12]} is chosen, but {error}"
        raise RollbackError(error.stage, chosen) from None
    return plan.model_copy(
        update={
            "remarks": list(foreseen.remarks),
            "not_looked_at": (*plan.not_looked_at, *foreseen.not_looked_at),
        }
    )


def dry_run_text(plan: RollbackPlan) -> str:
    """A rehearsed plan in one sentence, and below it each remark."""
    unseen = f"; not looked at: {some(plan.not_looked_at)}" if plan.not_looked_at else ""
    would = f"would roll {plan.target} back to {plan.to_commit}: {plan.chosen_because}{unseen}"
    return "\n".join([would, *(f"  {remark}" for remark in plan.remarks)])


@_raised_as_rollback()
def roll_back(
    do: Do,
    target: Target,
    settings: Settings,
    to_commit: str | None = None,
    *,
    recreate: bool = False,
    asked_by: str = "",
    before: Callable[[], object] = lambda: None,
) -> DeployedRelease:
    """Replace the failing release by the last known good one, or by the named one.

    recreate: even if it is already running, because its configuration has drifted.
    asked_by: the person who asks for it; empty for a runbook, whose rollbacks have a limit.
    before: called when a release is chosen, before anything is changed: keeps evidence; may raise.
    Raises Withheld when the automation may not do it; RollbackError that names the stage at which
    it failed, and what is running.
    """

    def choose() -> RollbackPlan:
        plan = do(choose_rollback, target.name, to_commit)
        return plan.model_copy(update={"recreate": recreate})

    def deploy(plan: RollbackPlan) -> DeployedRelease:
        before()
        return do(deploy_rollback, plan, asked_by)

    return replace_release(
        do,
        target,
        settings,
        choose=choose,
        deploy=deploy,
        record=lambda plan, deployed: do(note_rollback, plan, deployed),
    )


def roll_back_on_request(
    do: Do, target: Target, settings: Settings, asked_by: str, to_commit: str | None = None
) -> DeployedRelease:
    """As `roll_back`, for a record opened by `open_for_rollback`, which is then resolved."""
    deployed = roll_back(do, target, settings, to_commit, asked_by=asked_by)
    do(change_status, Status.RESOLVED, "the rollback is complete")
    return deployed


CHOOSE_SECONDS = 300
"""Timeout of the choice: what runs is asked for, and what is only on the remote is fetched."""


def _chosen(plan: RollbackPlan) -> str:
    return f"chose {plan.to_commit[:12]} for {plan.target}: {plan.chosen_because}"


@step("choose release", says=_chosen, timeout=CHOOSE_SECONDS)
def choose_rollback(case: Case, target_name: str, to_commit: str | None = None) -> RollbackPlan:
    """Choose the release to go back to, for this incident. Changes nothing.

    Raises RollbackError that says why there is none.
    """
    target = case.settings.target(target_name)
    return plan_rollback(target, to_commit, case.incident.began_at)


def _deployed(release: DeployedRelease) -> str:
    if not release.changed:
        return f"{release.target} already ran {release.commit[:12]}, and is healthy"
    before = (release.previous or "unknown")[:12]
    healthy = "; ".join([f"healthy after {release.healthy_after:.1f} s", *release.remarks])
    if not release.verified:
        return (
            f"ran deploy_command of {release.target} for {release.commit[:12]} in place of"
            f" {before}; {healthy}; which commit runs was not looked at: no running_command"
        )
    return f"rolled {release.target} back from {before} to {release.commit[:12]}; {healthy}"


@step(
    "deploy release",
    says=_deployed,
    timeout=DEPLOY_SECONDS,
    act=Act.ROLLBACK,
    contains=lambda deployed: deployed.changed and deployed.verified,
)
@_raised_as_rollback()
def deploy_rollback(case: Case, plan: RollbackPlan, asked_by: str = "") -> DeployedRelease:
    """As `deploy_plan`, but raises RollbackError."""

    def would() -> str:
        return dry_run_text(foresee(plan, case.settings.target(plan.target), case.settings.home))

    return deploy_plan(case, plan, Intent(Act.ROLLBACK, plan.target, would, asked_by))


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
