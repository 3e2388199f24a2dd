"""One start of the worker, known by a file that stays locked as long as its process lives."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from deployments.registry.owner import Owner
from tasks.base.file_lock import open_lock, try_to_hold
from tasks.base.home import make_home

FOLDER = "workers"
FORGET_SECONDS = 3600.0
"""How long the file of a worker that has ended is kept: a late request of its may still arrive."""


class Instance(NamedTuple):
    """owner: what the runs' states show. path: its file, in AEEF_HOME. descriptor: of the lock."""

    owner: Owner
    path: Path
    descriptor: int

    def end(self) -> None:
        """Let go of the lock: nobody is there any longer for its runs."""
        os.close(self.descriptor)


def begin_instance(home: Path, worker: str) -> Instance:
    """Mark a new start of the worker with this name; the kernel ends it with the process."""
    make_home(home)
    owner = Owner(worker, uuid4().hex)
    path = home / FOLDER / f"{worker}.{owner.instance}"
    # Locked under another name first: nobody may see it unlocked.
    draft = path.with_name(f".{path.name}")
    descriptor = open_lock(draft)
    try_to_hold(descriptor)
    draft.replace(path)
    return Instance(owner, path, descriptor)


def ended_instances(home: Path, worker: str) -> set[str]:
    """The earlier starts of this worker on this machine that have ended, however they did.

    Not those of other machines: their locks may not be visible here.
    """
    ended = set()
    with suppress(FileNotFoundError):
        for path in (home / FOLDER).iterdir():
            name, _, instance = path.name.rpartition(".")
            if name != worker:
                continue
            descriptor = open_lock(path)
            try:
                if try_to_hold(descriptor):
                    ended.add(instance)
                    # The time of its last change is that of its start, or of our first look.
                    if os.fstat(descriptor).st_size == 0:
                        os.write(descriptor, b"ended\n")
                    elif time.time() - path.stat().st_mtime > FORGET_SECONDS:
                        path.unlink(missing_ok=True)
            finally:
                os.close(descriptor)
    return ended
