"""What Prefect's worker says of a run before it starts it: our processes run when they are asked.

For each run it would propose a state `Submitting`, write down the worker's labels, send an event
and two log lines. The run's states, and its `infrastructure_pid`, say the same.
"""

from __future__ import annotations

import logging
from typing import Any

from prefect.workers.base import BaseWorker

LINES = ("Worker '", "Flow run '")
"""How the two lines begin."""


async def _not_needed(*_: Any, **__: Any) -> None:
    """Not asked of the server."""


def _no_event(*_: Any, **__: Any) -> None:
    """Not sent; then none is sent of its end either."""


def keep_here(record: logging.LogRecord) -> bool:
    """Write the two lines to the worker's own log only."""
    if record.levelno == logging.INFO and str(record.msg).startswith(LINES):
        record.send_to_api = False
    return True


def apply() -> None:
    """For every worker in this process: there is ours only."""
    for name in ("_give_worker_labels_to_flow_run", "_propose_submitting_state"):
        setattr(BaseWorker, name, _not_needed)
    setattr(BaseWorker, "_emit_flow_run_submitted_event", _no_event)  # noqa: B010 - not theirs
    logging.getLogger("prefect.flow_runs.worker").addFilter(keep_here)
