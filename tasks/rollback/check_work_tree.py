"""Refuses a checkout that could lose work, or leave the work tree partly changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryFile

from git.exc import GitCommandError

from schemas.errors import DirtyWorkTree, TargetError
from schemas.wording import some
from tasks.rollback.local_changes import Change, hidden_changes, in_the_way, local_changes
from tasks.target.git_locks import wait_for_git
from tasks.target.repository import TargetRepository

_STAGE = "check work tree"
_LOCK_PATIENCE = 5.0
_SPARE = 16_000_000
"""Bytes that stay free: git's index, the history and a journal are written too."""
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase or am",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "sequencer": "cherry-pick or revert of several commits",
    "BISECT_LOG": "bisect",
}


def refuse_unready(repository: TargetRepository, commit: str) -> list[Change]:
    """Raise unless this commit, which is here, can be checked out without losing anything.

    Returns the changes of mode alone that the settings let go: undo them first.

    Raises DirtyWorkTree that names the files, GitBusy when another git command is running there
    or was killed there, TargetError when nothing can be written.
    """
    modes = _refuse_local_changes(repository, commit)
    if blocking := in_the_way(repository, commit):
        raise DirtyWorkTree(
            _STAGE,
            f"local files in {repository.path} would be overwritten: {_named(blocking)};"
            " move them away first",
        )
    _refuse_unwritable(repository)
    _refuse_full(repository, commit)
    return modes


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


def _refuse_local_changes(repository: TargetRepository, commit: str) -> list[Change]:
    for name, what in _UNFINISHED.items():
        if (repository.git_dir / name).exists():
            raise DirtyWorkTree(
                _STAGE, f"a {what} is unfinished in {repository.path}; finish or abort it first"
            )
    wait_for_git(repository.git_dir, repository.path, _STAGE, _LOCK_PATIENCE)
    try:
        changes = local_changes(repository) + hidden_changes(repository, commit)
    except GitCommandError as error:
        raise repository.failure(_STAGE, "git cannot compare the files", error) from error
    may_go = repository.target.discard_mode_changes
    kept = [change for change in changes if not (may_go and change.mode_only)]
    if kept:
        hint = (
            f" (or let changes of mode alone go: [targets.{repository.target.name}]"
            " discard_mode_changes = true)"
            if any(change.mode_only for change in kept)
            else ""
        )
        raise DirtyWorkTree(
            _STAGE,
            f"local changes in {repository.path} would be lost: {_named(kept)};"
            f" commit, stash or undo them first{hint}",
        )
    return [change for change in changes if change.mode_only]


def _refuse_unwritable(repository: TargetRepository) -> None:
    """Really write, where a checkout and the record will: a mount may be read-only, or full."""
    target = repository.target
    folders = [repository.git_dir, repository.objects, target.repository]
    folders += [repository.aeef] if repository.aeef.is_dir() else []
    for folder in (*folders, _of_history(target.history_path)):
        try:
            with TemporaryFile(dir=folder) as file:
                file.write(b"AEEF")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise TargetError(
                _STAGE, f"nothing can be written in {folder}: {error.strerror or error}"
            ) from error


def _of_history(path: Path) -> Path:
    return next(folder for folder in path.resolve().parents if folder.is_dir())


def _refuse_full(repository: TargetRepository, commit: str) -> None:
    """Raise when the files that the checkout writes do not fit on the disk."""
    changed = set(repository.names("diff-tree", "-r", "-z", "--name-only", "HEAD", commit))
    needed = 0
    for line in repository.names("ls-tree", "-r", "-l", "-z", "--full-tree", commit):
        facts, _, name = line.partition("\t")
        size = facts.split()[3]
        if name in changed and size.isdigit():
            needed += int(size)
    free = shutil.disk_usage(repository.path).free
    if needed + _SPARE > free:
        raise TargetError(
            _STAGE,
            f"{repository.path} has {free // 1_000_000} MB free, and the files of {commit[:12]}"
            f" need {(needed + _SPARE) // 1_000_000} MB: make room first",
        )


def _named(changes: list[Change]) -> str:
    return some([str(change) for change in changes])
