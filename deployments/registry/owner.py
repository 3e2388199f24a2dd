"""The words by which a run's states show which worker has it, as worker and dispatcher read them.

Prefect keeps no owner of a run. Our worker names itself in the message of the state Pending, which
it has to set anyway: that takes no request of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

NO_HEARTBEAT = "No heartbeat for too long: its process, or its machine, is gone"
"""The message with which Prefect's automation marks a run Crashed; it may err when events lag."""
NOBODY_HAS_IT = "Nobody has it: "
"""How the message begins with which we mark a run Crashed that was left between two owners."""

_TAKEN = re.compile(r"taken by worker (?P<worker>\S+), instance (?P<instance>[0-9a-f]{32})\Z")


class Owner(NamedTuple):
    """worker: its name in Prefect. instance: differs each time that the worker is started."""

    worker: str
    instance: str


def taken_by(owner: Owner) -> str:
    """The message of the state Pending of a run that this worker is about to start."""
    return f"taken by worker {owner.worker}, instance {owner.instance}"


def owner_in(messages: Iterable[str | None]) -> Owner | None:
    """The worker that took the run last; messages: of its states, the newest first."""
    for message in messages:
        if found := _TAKEN.match(message or ""):
            return Owner(found["worker"], found["instance"])
    return None
