"""Freezes a target after a containment, until people sign off what gives full traffic back."""

from __future__ import annotations

from contextlib import suppress

from schemas.automation import Act
from schemas.errors import TargetError
from schemas.settings import Target
from tasks.case import Case, Intent
from tasks.deploy.freeze_target import freeze, plan_freeze
from tasks.deploy.freezes import read_freeze
from tasks.deploy.running_commit import running_commit
from tasks.recovery.gate import rules_of
from tasks.step import step
from tasks.target.release_files import read_history

REASON = "contained: it waits for the proof of a fix, a corrective action and sign-offs"


def _wants_recovery(case: Case, target: Target) -> bool:
    rules = rules_of(target, case.settings)
    return rules.is_on and case.incident.severity in rules.severities


def _said(done: str) -> str | None:
    return done or None


@step("freeze until it has recovered", says=_said, timeout=900, act=Act.FREEZE)
def freeze_until_recovered(case: Case, target_name: str) -> str:
    """Forbid deployments by others, as `[recovery]` says; empty: it asks for nothing here.

    That table is the word of whoever configured it, also for a type that is only guessed.
    Raises Withheld when the automation may not do it.
    """
    target = case.settings.target(target_name)
    if not _wants_recovery(case, target):
        return ""
    is_frozen = read_freeze(target_name, case.settings.home) is not None
    intent = Intent(Act.FREEZE, target_name, lambda: plan_freeze(target, case.settings))
    case.begin(intent, again=is_frozen)
    case.store.recoveries.begin(case.incident_id, target.name, _failing(case, target))
    return freeze(target, case, by=case.actor, reason=REASON, for_recovery=True)


def _failing(case: Case, target: Target) -> str | None:
    """What ran when it failed: what was rolled back from, or what runs, off the network, now."""
    with suppress(TargetError):
        mine = [r for r in read_history(target).rollbacks if r.incident_id == case.incident_id]
        if mine:
            return max(mine, key=lambda entry: entry.timestamp).from_commit
        return running_commit(target)
    return None
