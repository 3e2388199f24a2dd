"""Lets the server's own scheduler look once a second, not four times, what is due."""

from __future__ import annotations

import functools
from datetime import timedelta

from prefect.server.api import background_workers

WORKER = "Worker"
SECOND = timedelta(seconds=1)


def apply() -> None:
    """Prefect has no setting for that."""
    look = {"minimum_check_interval": SECOND, "scheduling_resolution": SECOND}
    worker = functools.partial(getattr(background_workers, WORKER), **look)
    setattr(background_workers, WORKER, worker)
