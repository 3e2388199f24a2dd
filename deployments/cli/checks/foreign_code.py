"""What code of others could reach here: our secrets, and the world outside its sandbox."""

from __future__ import annotations

import os

from schemas.settings import Settings, WorkerKind
from tasks.armed.lever import NotConfigured
from tasks.base.programs.own_process import is_closed
from tasks.base.programs.sandbox import sandbox_problem


def secrets_in_words(settings: Settings) -> str:
    """Whether other programs of our user can read them. Raises NotConfigured."""
    if settings.worker.kind is WorkerKind.PROCESS:
        raise NotConfigured(
            "Prefect's own worker gives each run its settings in its environment, which other"
            " programs of its user can read; AEEF_WORKER__KIND=warm does not"
        )
    if not is_closed():
        raise NotConfigured(
            "this process is open to other programs of its user; only Linux can close it to them"
        )
    if os.geteuid() == 0:
        return "held in memory only; but nothing is closed to root, which is who runs this"
    return "held in memory only, and our processes are closed to other programs of this user"


def sandbox_in_words(settings: Settings) -> str:
    """Whether a program can be run in it. Raises NotConfigured."""
    if problem := sandbox_problem(settings.home):
        raise NotConfigured(
            f"{problem}; the gates of a patch that comes with an alert run after its approval"
        )
    return "a program was run in it: no network, no files of ours, nothing else to write"
