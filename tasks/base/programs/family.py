"""A program and all that it started, also what left its session: found again by a mark."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import psutil

MARK = "STARTED_BY_AEEF"
"""The variable that everything which a command starts inherits, whatever session it makes."""
KILL_SECONDS = 5.0
"""How long to wait for what was killed."""


def new_mark() -> str:
    """A mark that no other command has."""
    return uuid4().hex


def members(pid: int, mark: str) -> list[psutil.Process]:
    """Every running process of the family of this program; `mark`: empty when it has none."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if os.getsid(process.pid) == pid or (mark and _mark_of(process) == mark):
                found.append(process)
    known = {process.pid for process in found}
    with suppress(psutil.Error):
        family = psutil.Process(pid).children(recursive=True)
        found += [process for process in family if process.pid not in known]
    return found


def end_family(pid: int, mark: str, grace: float) -> None:
    """End them all: ask politely, and kill what is left after `grace` seconds, and its children."""
    _signal(members(pid, mark), signal.SIGTERM, grace)
    give_up_at = time.monotonic() + KILL_SECONDS
    while (left := members(pid, mark)) and time.monotonic() < give_up_at:
        _signal(left, signal.SIGKILL, KILL_SECONDS)


def _mark_of(process: psutil.Process) -> str | None:
    try:
        value: str | None = process.environ().get(MARK)
    except (psutil.Error, OSError):  # another user's: it is none of ours
        return None
    return value


def _signal(processes: Sequence[psutil.Process], number: int, seconds: float) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)
    give_up_at = time.monotonic() + seconds
    # Not `psutil.wait_procs`, which would take a child's exit code away from who started it.
    while time.monotonic() < give_up_at and any(map(_runs, processes)):
        time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
