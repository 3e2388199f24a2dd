"""Leaves out what Prefect's worker reports before it starts a run: our processes start at once.

For each run it would propose a state `Submitting`, write the worker's labels, send an event
and two log lines. The run's states and its `infrastructure_pid` contain the same.
"""

from __future__ import annotations

import logging
from typing import Any

from prefect.workers.base import BaseWorker

LINES = ("Worker '", "Flow run '")
"""How the two log lines begin."""


async def _not_needed(*_: Any, **__: Any) -> None:
    """Make no request."""


def _no_event(*_: Any, **__: Any) -> None:
    """Send no event; without this one Prefect sends none at the run's end either."""


def keep_here(record: logging.LogRecord) -> bool:
    """Keep the two lines in the worker's own log: do not send them to the server."""
    if record.levelno == logging.INFO and str(record.msg).startswith(LINES):
        record.send_to_api = False
    return True


def apply() -> None:
    """Patch every worker in this process; ours is the only one."""
    for name in ("_give_worker_labels_to_flow_run", "_propose_submitting_state"):
        setattr(BaseWorker, name, _not_needed)
    setattr(BaseWorker, "_emit_flow_run_submitted_event", _no_event)  # noqa: B010 - not theirs
    logging.getLogger("prefect.flow_runs.worker").addFilter(keep_here)
