"""Finishes our own interrupted checkout, without losing anybody's work."""

from __future__ import annotations

import time

from git.exc import GitCommandError

from schemas.errors import DirtyWorkTree
from schemas.wording import some
from tasks.deploy.deployer import Report
from tasks.target.git_locks import LOCKS, git_working_in, wait_for_git
from tasks.target.repository import TargetRepository

_PATIENCE = 30.0
_POLL = 0.05


def finish_checkout(repository: TargetRepository, between: tuple[str, str], report: Report) -> None:
    """Complete a partly changed work tree, if each file matches one of the two commits.

    Raises DirtyWorkTree that names the files which match neither: somebody changed them since.
    """
    _free_index(repository, report)
    refuse_other_locks(repository)
    to = between[1]
    suspects = {
        *repository.local_changes(),
        *(name for name in _new_files(repository, to) if (repository.path / name).exists()),
    }
    strangers = [name for name in sorted(suspects) if not _explained(repository, name, between)]
    if strangers:
        raise DirtyWorkTree(
            "check work tree",
            f"a rollback was killed during its checkout, and since then these files in"
            f" {repository.path} were changed: {some(strangers)}; save them elsewhere, then run"
            f" 'git checkout --force --detach {to}' there",
        )
    if suspects:
        repository.checkout(to, force=True)
        report(f"finished the checkout of {to[:12]}, which had been killed half-way")


def refuse_other_locks(repository: TargetRepository) -> None:
    """Raise GitBusy when a lock is in the way that is not certainly ours to remove."""
    others = tuple(name for name in LOCKS if name != "index.lock")
    wait_for_git(repository.git_dir, repository.path, "check work tree", 0, others)


def _free_index(repository: TargetRepository, report: Report) -> None:
    """Wait for the git process that we left behind; if it was killed too, remove its lock.

    Only called while the journal shows that the checkout was ours and we hold the rollback lock.
    """
    lock = repository.git_dir / "index.lock"
    give_up_at = time.monotonic() + _PATIENCE
    while lock.exists() and git_working_in(repository.path):
        if time.monotonic() > give_up_at:
            return
        time.sleep(_POLL)
    if lock.exists():
        lock.unlink(missing_ok=True)
        report("removed the index.lock that a killed checkout had left")


def _new_files(repository: TargetRepository, to: str) -> list[str]:
    names = repository.names(
        "diff", "--name-only", "--no-renames", "-z", "--diff-filter=A", "HEAD", to
    )
    return [name for name in names if not repository.is_record(name)]


def _explained(repository: TargetRepository, name: str, between: tuple[str, str]) -> bool:
    """True when git wrote this file: it is one of the two versions, or the start of one."""
    path = repository.path / name
    if not path.exists() and not path.is_symlink():
        return True
    if path.is_symlink():
        present, identity = str(path.readlink()).encode(), ""
    elif path.is_file():
        present = path.read_bytes()
        identity = repository.git("hash-object", f"--path={name}", "--", str(path))
    else:
        return False
    for commit in between:
        try:
            blob = repository.git("rev-parse", "--verify", f"{commit}:{name}")
            if blob == identity or repository.blob(blob).startswith(present):
                return True
        except GitCommandError:
            continue
    return False
