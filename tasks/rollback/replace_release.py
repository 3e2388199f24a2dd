"""Deploys a chosen release, then records it: shared by rollbacks and hotfixes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.case import Case, Intent
from tasks.do import Do
from tasks.recovery.gate import settled_longer
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.one_at_a_time import one_rollback_at_a_time
from tasks.step import log_line, step, verbatim

DEPLOY_SECONDS = 4 * 3600
"""Timeout of a deploying step; the commands inside have their own limits."""


def replace_release(
    do: Do,
    target: Target,
    settings: Settings,
    *,
    choose: Callable[[], RollbackPlan],
    deploy: Callable[[RollbackPlan], DeployedRelease],
    record: Callable[[RollbackPlan, DeployedRelease], object],
) -> DeployedRelease:
    """Choose, deploy and record, while nobody else changes the running target.

    Raises what these raise, and TargetError when somebody else does not finish in time.
    """
    with one_rollback_at_a_time(target, settings) as remark:
        if remark:
            do(note_turn, remark)
        plan = choose()
        deployed = deploy(plan)
        record(plan, deployed)
    return deployed


@step("note turn", says=verbatim, timeout=60)
def note_turn(_case: Case, remark: str) -> str:
    """Put on record under what lock a release is replaced."""
    return remark


def deploy_plan(case: Case, plan: RollbackPlan, intent: Intent) -> DeployedRelease:
    """Deploy the planned release and verify its health; else restore what was running.

    Where it runs already and is healthy, nothing is changed, and no act is counted.
    Raises Withheld when the automation may not do it; TargetError that names the stage, and what
    is running.
    """
    case.require_on(intent)
    return deploy_release(
        settled_longer(case.settings.target(plan.target), case.settings),
        plan,
        home=case.settings.home,
        report=log_line,
        before_change=partial(case.begin, intent),
    )
