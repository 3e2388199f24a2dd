"""Which variables a run may be given by its deployment or by a person; nothing else.

Prefect lets whoever starts a run choose the environment, the command and the folder of its
process: a run with a `PATH` or an `AEEF_CONFIG` of somebody else would do what that person wants,
with our secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.logging.loggers import flow_run_logger
from prefect.workers.base import BaseJobConfiguration

from deployments.prefect_server.settings import HEARTBEAT_SECONDS
from schemas.settings import load_settings
from tasks.base.trim import one_line, trim

LOGGING = frozenset({"PREFECT_LOGGING_LEVEL", "PREFECT_LOGGING_LOG_PRINTS"})
HEARTBEATS = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"
"""Of all our deployments. With another value a dead run would never be found."""
MOST_NAMES, LONGEST = 20, 60

log = logging.getLogger("aeef.worker")


@cache
def allowed() -> frozenset[str]:
    """The names that are taken: what the logs show, and those of `[worker] run_variables`."""
    return LOGGING | {*load_settings().worker.run_variables}


def keep_allowed(
    job: BaseJobConfiguration, flow_run: FlowRun, deployment: DeploymentResponse | None
) -> None:
    """Take everything else out of the run's settings; its log names what was taken out."""
    refused = [name for name, value in job.env.items() if not _may(name, value)]
    refused += _beside_env(flow_run.job_variables)
    refused += _beside_env(deployment.job_variables if deployment else None)
    job.env = {name: value for name, value in job.env.items() if _may(name, value)}
    job.command = None
    if not refused:
        return
    names = ", ".join(ascii(trim(one_line(name), LONGEST)) for name in refused[:MOST_NAMES])
    text = f"job variables that were not taken: {names}; [worker] run_variables has those that are"
    log.warning("run %s: %s", flow_run.id, text)
    flow_run_logger(flow_run).warning(text)


def _may(name: str, value: Any) -> bool:
    return name in allowed() or (name == HEARTBEATS and value == HEARTBEAT_SECONDS)


def _beside_env(given: Mapping[str, Any] | None) -> Iterator[str]:
    """Job variables other than the environment, as `command` and `working_dir`."""
    return (name for name in given or () if name.partition(".")[0] != "env")
