"""Refuses a checkout that could lose work, or leave the work tree partly changed."""

from __future__ import annotations

import time

from git.exc import GitCommandError

from schemas.errors import DirtyWorkTree, TargetError
from schemas.wording import some
from tasks.target.repository import TargetRepository

_STAGE = "check work tree"
_LOCK_PATIENCE = 5.0
_POLL = 0.05
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase or am",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


def refuse_local_changes(repository: TargetRepository) -> None:
    """Raise DirtyWorkTree, naming the files, when the work tree has local changes.

    Raises GitBusy when another git command is running there, or was killed there.
    """
    for name, what in _UNFINISHED.items():
        if (repository.git_dir / name).exists():
            raise DirtyWorkTree(
                _STAGE, f"a {what} is unfinished in {repository.path}; finish or abort it first"
            )
    _wait_for_others(repository)
    try:
        changes = repository.local_changes()
    except GitCommandError as error:
        raise repository.failure(_STAGE, "git status failed", error) from error
    if changes:
        raise DirtyWorkTree(
            _STAGE,
            f"local changes in {repository.path} would be lost: {some(changes)};"
            " commit, stash or undo them first",
        )


def refuse_submodules(repository: TargetRepository, commit: str) -> None:
    """Raise when the commit has submodules, as a checkout does not update them."""
    entries = repository.names("ls-tree", "-r", "-z", commit)
    modules = [entry.partition("\t")[2] for entry in entries if entry.startswith("160000 ")]
    if modules:
        raise TargetError(
            _STAGE,
            f"{commit[:12]} has submodules ({some(modules)}), which a rollback does not"
            " handle; roll this target back by hand",
        )


def _wait_for_others(repository: TargetRepository) -> None:
    """Wait for another git command's lock; it is short, unless the command was killed."""
    give_up_at = time.monotonic() + _LOCK_PATIENCE
    while repository.index_lock.exists():
        if time.monotonic() > give_up_at:
            raise repository.busy(_STAGE)
        time.sleep(_POLL)
