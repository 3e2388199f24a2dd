"""A target's limit in Prefect's server: it keeps the machines that share the server apart.

It is a help, never a condition: the lock in the repository decides. Prefect counts a slot first and
writes its lease after; a fault between the two leaves a slot that nobody holds and nobody frees.
So whoever holds the limit writes that into the incident store, and a slot of which nobody has
written so for `ORPHAN_SECONDS` counts as nobody's.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import TargetError
from schemas.settings import Settings, Target
from tasks.rollback.prefect_limit import Fault, Lease, limit_of, take_limit
from tasks.step import log_line, this_run
from tasks.store import Store, open_store

ORPHAN_SECONDS = 90.0
"""The lease, the time that Prefect needs to end it, and a margin."""
ORPHAN_AFTER_FAULT_SECONDS = 5.0
"""When Prefect failed at our own question before: most likely the slot is ours."""
TRIES = 3
"""How often a Prefect that fails is asked."""
ASK_SECONDS = 2.0


@contextmanager
def prefect_turn(target: Target, settings: Settings) -> Iterator[str | None]:
    """Hold the target's limit in Prefect; yield why it is not held, or None when it is.

    Raises TargetError when another run holds it for longer than a rollback may take.
    """
    holder, store = this_run(), open_store(settings)
    lease = _wait(target, store, holder)
    remark = lease if isinstance(lease, str) else None
    if remark:
        log_line(remark, logging.WARNING)
    store.begin_turn(target.name, holder)
    try:
        yield remark
    finally:
        if isinstance(lease, Lease):
            lease.end()
        store.end_turn(target.name, holder)


def _wait(target: Target, store: Store, holder: str) -> Lease | str:
    """Take the limit; or why it is not taken, when nothing is gained by waiting."""
    began = free_since = time.monotonic()
    faults, waits_for = 0, ""
    while not isinstance(taken := take_limit(target.name), Lease):
        now = time.monotonic()
        if isinstance(taken, Fault):
            faults += 1
            if faults == TRIES:
                return (
                    f"Prefect did not give its limit {limit_of(target.name)} ({taken.reason}): went"
                    f" on under the lock in the repository of {target.name}, which other machines"
                    " do not see"
                )
        changer = store.changer_of(target.name)
        if changer and changer.holder == holder:
            changer = None  # this run, before it died
        if changer or isinstance(taken, Fault):
            free_since = now
        if now - free_since > (ORPHAN_AFTER_FAULT_SECONDS if faults else ORPHAN_SECONDS):
            return (
                f"Prefect's limit {limit_of(target.name)} is taken, but for"
                f" {now - free_since:.0f} s no run has had {target.name}: went on under the lock in"
                " its repository"
            )
        if changer and now - began > target.rollback_timeout.total_seconds():
            waited = f"waited {now - began:.0f} s for {changer.holder}"
            raise TargetError("wait for turn", f"{waited}, which has {target.name}")
        if changer and changer.holder != waits_for:
            waits_for = changer.holder
            log_line(f"waiting for {waits_for}, which has {target.name}")
        time.sleep(ASK_SECONDS * random.uniform(0.5, 1))  # noqa: S311 - not a secret
    return taken
