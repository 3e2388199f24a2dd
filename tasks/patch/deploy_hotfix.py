"""Deploys an approved hotfix by the same path as a rollback, and records it."""

from __future__ import annotations

from functools import partial

from schemas.automation import Act
from schemas.errors import PatchError
from schemas.model import utc_now
from schemas.patch import PreparedPatch
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.case import Case, Intent
from tasks.deploy.running_commit import running_commit
from tasks.do import Do
from tasks.isolation.isolate_service import check_isolation
from tasks.isolation.preserve_service_state import keep_state
from tasks.isolation.restore_service import isolated_services, restore_service
from tasks.recovery.gate import going_on
from tasks.rollback.choose_release import choose_release
from tasks.rollback.record_rollback import record_hotfix
from tasks.rollback.replace_release import DEPLOY_SECONDS, deploy_plan, replace_release
from tasks.step import step, verbatim


def deploy_hotfix(
    do: Do, patch: PreparedPatch, approver: str, settings: Settings, under: str = ""
) -> DeployedRelease:
    """Replace the hotfix's base by the hotfix, and restore isolated services.

    While it recovers (`[recovery]`) they stay isolated: that needs sign-offs of its own.

    approver: who approved the deployment. under: their approval, which covers the restoration.
    Raises PatchError or TargetError that says why it was
    not deployed, and what is running: isolated services stay isolated.
    """
    target = settings.target(patch.target)
    try:
        deployed = replace_release(
            do,
            target,
            settings,
            choose=partial(do, choose_hotfix, patch),
            deploy=lambda plan: do(deploy_planned, plan, approver),
            record=lambda _plan, deployed: do(note_hotfix, patch, deployed),
        )
    except Exception:
        # The old release runs in new containers: they must not be outside the quarantine.
        if services := isolated_services(target, settings):
            do(check_isolation, target.name, services, approver)
        raise
    if isolated_services(target, settings) and not going_on(target, settings):
        do(restore_service, target.name, (), "" if under else approver, under)
    return deployed


def _chosen(plan: RollbackPlan) -> str:
    return f"the hotfix {plan.to_commit[:12]} of {plan.target} may be deployed: every gate passed"


@step("check the hotfix", says=_chosen, timeout=120)
def choose_hotfix(case: Case, patch: PreparedPatch) -> RollbackPlan:
    """The plan to deploy it. Raises PatchError when something else was deployed meanwhile,
    TargetError when the hotfix is not proven.
    """
    target = case.settings.target(patch.target)
    runs = running_commit(target)
    if runs not in (patch.base, patch.commit):
        raise PatchError(
            f"{(runs or 'an unknown commit')[:12]} runs on {target.name} by now{_known_by(target)},"
            f" and no longer {patch.base[:12]}, on which the hotfix is built: deploying it would"
            " undo that release. Start emergency-patch/prepare again"
        )
    plan = choose_release(target, patch.commit)
    return plan.model_copy(update={"from_commit": patch.base})


def _known_by(target: Target) -> str:
    """Where nothing shows what runs, how it is known all the same."""
    return "" if target.shows_what_runs else " (by its history: it has no running_command)"


@step("preserve what the hotfix replaces", says=verbatim, timeout=900)
def preserve_replaced(case: Case, patch: PreparedPatch) -> str:
    """Keep evidence of the running release, as long as it is the hotfix's base.

    Raises PermanentError that lists what could not be kept, after keeping the rest.
    """
    target = case.settings.target(patch.target)
    if running_commit(target) != patch.base:
        return f"{patch.base[:12]} does not run any more{_known_by(target)}: nothing of it to keep"
    if not (target.compose_file or target.how_to_isolate.evidence_command):
        return (
            f"no evidence of what runs is kept: {target.name} has no evidence_command in"
            f" [targets.{target.name}.isolation]"
        )
    return keep_state(case.incident_id, target, (), "before-hotfix", case.settings)


def _deployed(release: DeployedRelease) -> str:
    if not release.changed:
        return f"{release.target} runs the hotfix {release.commit[:12]} already, and is healthy"
    before = (release.previous or "unknown")[:12]
    unseen = "" if release.verified else "; which commit runs was not looked at: no running_command"
    return (
        f"deployed the hotfix {release.commit[:12]} on {release.target} in place of {before};"
        f" healthy after {release.healthy_after:.1f} s{unseen}"
    )


@step(
    "deploy the hotfix",
    says=_deployed,
    timeout=DEPLOY_SECONDS,
    act=Act.HOTFIX,
    contains=lambda deployed: deployed.changed and deployed.verified,
)
def deploy_planned(case: Case, plan: RollbackPlan, approver: str) -> DeployedRelease:
    """`deploy_plan` as a step. approver: who approved it, so that it is a person's act."""

    def would() -> str:
        return f"would deploy the hotfix {plan.to_commit[:12]} on {plan.target}"

    return deploy_plan(case, plan, Intent(Act.HOTFIX, plan.target, would, approver))


@step("record the hotfix", says=verbatim, timeout=120)
def note_hotfix(case: Case, patch: PreparedPatch, deployed: DeployedRelease) -> str:
    """Write the hotfix into the target's deployment history, once. The release that it replaces
    is no longer a candidate for a rollback.
    """
    target = case.settings.target(patch.target)
    record_hotfix(target, deployed, base=patch.base, incident_id=case.incident_id, at=utc_now())
    return f"recorded the hotfix in {target.history}"
