"""Locks on a target: one rollback at a time, and one writer of its history file.

They are `flock`s on files in the target's git directory, so that two installations of AEEF
exclude each other too, and the kernel releases them when their holder is killed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from schemas.errors import TargetError
from schemas.settings import Target
from tasks.base.file_lock import open_lock, try_to_hold
from tasks.target.repository import aeef_directory

_POLL = 0.05
_HISTORY_LOCK_TIMEOUT = 60.0
_held: ContextVar[frozenset[Path]] = ContextVar("held_target_locks", default=frozenset())


@contextmanager
def target_lock(
    target: Target,
    home: Path,
    *,
    waiting: Callable[[str], None] = lambda _: None,
    timeout: float | None = None,
) -> Iterator[None]:
    """Hold the target's rollback lock; the same task may take it again inside.

    waiting: called with one line that names the holder, if there is one.
    timeout: seconds, by default the maximum duration of a rollback. Raises TargetError then.
    """
    limit = target.rollback_timeout.total_seconds() if timeout is None else timeout
    path = aeef_directory(target) / "rollback.lock"
    with _locked(path, f"a rollback of {target.name}", home, waiting, limit):
        yield


@contextmanager
def records_lock(target: Target) -> Iterator[None]:
    """Hold the lock of the target's history and provenance files: `.git/aeef/records.lock`.

    A deployment pipeline that writes the history must take the same lock, by `flock`.
    """
    path = aeef_directory(target) / "records.lock"
    what = f"the history of {target.name}"
    with _locked(path, what, None, lambda _: None, _HISTORY_LOCK_TIMEOUT):
        yield


@contextmanager
def _locked(
    path: Path, what: str, home: Path | None, waiting: Callable[[str], None], timeout: float
) -> Iterator[None]:
    if path in _held.get():
        yield
        return
    # Another user's AEEF may take it too.
    path.parent.mkdir(exist_ok=True)
    descriptor = open_lock(path, 0o666)
    try:
        _acquire(descriptor, what, waiting, timeout)
        _sign(descriptor, {"pid": os.getpid(), **({"home": str(home)} if home else {})})
        token = _held.set(_held.get() | {path})
        try:
            yield
        finally:
            _held.reset(token)
            _sign(descriptor, None)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, what: str, waiting: Callable[[str], None], timeout: float) -> None:
    give_up_at = time.monotonic() + timeout
    named: str | None = None
    while True:
        if try_to_hold(descriptor):
            return
        holder = _holder(descriptor)
        if time.monotonic() >= give_up_at:
            raise TargetError(
                "wait for lock",
                f"{holder} has held {what} for {timeout:g} s; look at that process,"
                " end it if it hangs, and try again",
            )
        if named != holder:
            waiting(f"waiting for {holder}, which holds {what}")
            named = holder
        time.sleep(_POLL)


def _holder(descriptor: int) -> str:
    try:
        signature = json.loads(os.pread(descriptor, 4096, 0))
        home = f" (AEEF_HOME {signature['home']})" if "home" in signature else ""
        return f"process {int(signature['pid'])}{home}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _sign(descriptor: int, signature: dict[str, object] | None) -> None:
    os.ftruncate(descriptor, 0)
    if signature:
        os.pwrite(descriptor, json.dumps(signature).encode(), 0)
