"""Looks whether a planned rollback would be refused: for a dry run, and for `aeef doctor`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from schemas.release import RollbackPlan
from schemas.settings import Target
from tasks.deploy.choose_deployer import deployer_for
from tasks.deploy.freezes import refuse_frozen
from tasks.rollback.check_work_tree import refuse_submodules, refuse_unready
from tasks.rollback.interrupted_checkout import refuse_other_locks
from tasks.rollback.journal import read_journal
from tasks.target.repository import TargetRepository


class Foreseen(NamedTuple):
    """What can be seen of a rollback beforehand, in words.

    remarks: what of it would be weaker than it could be. not_looked_at: what was not looked at.
    """

    remarks: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


def refuse_impossible(target: Target, plan: RollbackPlan, home: Path) -> Foreseen:
    """Raise as the rollback itself would before it changes anything. Changes nothing.

    Raises TargetError that names the stage.
    """
    refuse_frozen(target, home)
    with TargetRepository(target) as repository, closing(deployer_for(target, home)) as deployer:
        remarks = tuple(deployer.foresee(plan))
        if plan.already_running:
            return Foreseen(remarks)
        journal = read_journal(repository)
        if journal and journal.checkout:
            refuse_other_locks(repository)
            unfinished = (
                "the work tree: a rollback was killed during its checkout, and the next one"
                " finishes that first"
            )
            return Foreseen(remarks, (unfinished,))
        refuse_unready(repository, plan.to_commit)
        refuse_submodules(repository, plan.to_commit)
    return Foreseen(remarks)
