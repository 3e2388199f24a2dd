"""Looks whether a planned rollback would be refused: for a dry run, and for `aeef doctor`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from schemas.release import RollbackPlan
from schemas.settings import Target
from tasks.deploy.choose_deployer import deployer_for
from tasks.deploy.freezes import refuse_frozen
from tasks.rollback.check_work_tree import refuse_submodules, refuse_unready
from tasks.rollback.interrupted_checkout import refuse_other_locks
from tasks.rollback.journal import read_journal
from tasks.target.repository import TargetRepository


def refuse_impossible(target: Target, plan: RollbackPlan, home: Path) -> tuple[str, ...]:
    """Raise as the rollback itself would before it changes anything. Changes nothing.

    Returns what was not looked at, in words. Raises TargetError that names the stage.
    """
    refuse_frozen(target, home)
    with TargetRepository(target) as repository, closing(deployer_for(target, home)) as deployer:
        deployer.check()
        if plan.already_running:
            return ()
        journal = read_journal(repository)
        if journal and journal.checkout:
            refuse_other_locks(repository)
            return (
                "the work tree: a rollback was killed during its checkout, and the next one"
                " finishes that first",
            )
        refuse_unready(repository, plan.to_commit)
        refuse_submodules(repository, plan.to_commit)
    return ()
