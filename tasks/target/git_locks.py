"""The files by which git commands exclude each other: what is in the way, and since when."""

from __future__ import annotations

import re
import time
from pathlib import Path

import psutil

from schemas.errors import TargetError

_LOCK_FILE = re.compile(r"(?:Unable to create|could not lock|unable to lock) '?([^'\n]+\.lock)'?")
LOCKS = ("index.lock", "HEAD.lock", "reftable/tables.list.lock")
"""Those that a checkout takes: a lock of a branch or of the settings does not stop it (tried)."""
_POLL = 0.05


class GitBusy(TargetError):
    """Another git command is running here, or was killed; ours changed nothing."""


def wait_for_git(
    git_dir: Path, work_tree: Path, stage: str, patience: float, names: tuple[str, ...] = LOCKS
) -> None:
    """Wait for other git commands, whose locks are short unless they were killed.

    names: the locks that are looked for. Raises GitBusy after `patience` seconds: it names the one
    file that is in the way.
    """
    give_up_at = time.monotonic() + patience
    while lock := _present(git_dir, names):
        if time.monotonic() > give_up_at:
            raise busy(work_tree, stage, lock)
        time.sleep(_POLL)


def busy(work_tree: Path, stage: str, lock: Path) -> GitBusy:
    """The error when a lock is in the way: how old it is, and whether git works there."""
    age = _age(lock)
    seen = git_working_in(work_tree)
    holder = f"process {seen} is git and may hold it" if seen else "no git process is seen there"
    since = f"its lock is {age} old; " if age else ""
    return GitBusy(
        stage,
        f"another git command works in {work_tree}, or was killed there ({since}{holder});"
        f" when none runs, remove {lock}",
    )


def lock_in(said: str) -> Path | None:
    """The lock file that was in the way, from git's own message; None when none was."""
    found = _LOCK_FILE.search(said) if "File exists" in said else None
    return Path(found[1]) if found else None


def git_working_in(path: Path) -> int | None:
    """The process id of a git command that works in this folder, or may: we cannot see where.

    Those that only read objects, as we keep them open, take no lock.
    """
    for process in psutil.process_iter(["name", "cwd", "cmdline", "status"]):
        if process.info["name"] != "git" or "cat-file" in (process.info["cmdline"] or ()):
            continue
        here = process.info["cwd"]  # None: another user's; empty: it is ending
        if here is None and process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if here is None or (here and Path(here).is_relative_to(path.resolve())):
            return int(process.pid)
    return None


def _present(git_dir: Path, names: tuple[str, ...]) -> Path | None:
    places = (git_dir / name for name in names)
    return next((place for place in places if place.exists()), None)


def _age(lock: Path) -> str:
    try:
        seconds = max(0.0, time.time() - lock.lstat().st_mtime)
    except OSError:
        return ""
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
