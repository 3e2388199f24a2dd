"""Deploys what was chosen, then puts it on record: a rollback does it so, and a hotfix."""

from __future__ import annotations

from collections.abc import Callable

from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Settings, Target
from tasks.case import Case
from tasks.do import Do
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.one_at_a_time import one_rollback_at_a_time
from tasks.step import Step, log_line

DEPLOY_SECONDS = 4 * 3600
"""The longest that a step may deploy; the commands inside have their own limits."""


def replace_release(
    do: Do,
    target: Target,
    settings: Settings,
    *,
    choose: Callable[[], RollbackPlan],
    deploy: Step[[RollbackPlan], DeployedRelease],
    record: Callable[[RollbackPlan, DeployedRelease], object],
) -> DeployedRelease:
    """Choose, deploy and record, while nobody else changes what runs of the target.

    Raises what these raise, and TargetError when somebody else does not come to an end.
    """
    with one_rollback_at_a_time(target, settings):
        plan = choose()
        deployed = do(deploy, plan)
        record(plan, deployed)
    return deployed


def deploy_plan(case: Case, plan: RollbackPlan) -> DeployedRelease:
    """Put the planned release in place and see it healthy; else put back what was running.

    Raises TargetError that says at which stage, and what runs now.
    """
    target = case.settings.target(plan.target)
    return deploy_release(target, plan, home=case.settings.home, report=log_line)
