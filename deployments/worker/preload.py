"""What the parent of the warm processes does first, so that no run has to: imports, patches."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator

from prefect.settings import get_current_settings, temporary_settings

from deployments.prefect_patches.heartbeats import none_by_the_engine
from deployments.prefect_patches.patches import Where, apply_patches, is_active
from deployments.registry.catalog import flows
from schemas.settings import PrefectPatch

LAZY = (
    "anyio._backends._asyncio",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "sqlite3",
    "tasks.deploy.command_deployer",
    "tasks.deploy.compose_deployer",
)
"""What a run imports while it goes; a name that is no more costs time, nothing else."""


@contextlib.contextmanager
def ready_to_fork() -> Iterator[None]:
    """Every flow is imported, and Prefect is as a run wants it; for as long as it is entered."""
    flows()
    for module in LAZY:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    # Written as Prefect writes them: a run's environment then changes nothing, and costs nothing.
    os.environ.update(get_current_settings().to_environment_variables(exclude_unset=True))
    apply_patches(Where.RUN)
    gc.freeze()  # what is here stays shared with every process that is forked
    gc.set_threshold(20_000, 20, 50)  # a run is short
    sys.setswitchinterval(0.001)  # what contains must not wait 5 ms for what only tells of it
    heartbeats = none_by_the_engine() if is_active(PrefectPatch.HEARTBEATS) else {}
    with temporary_settings(heartbeats):
        yield
