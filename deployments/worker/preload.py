"""What the parent of the warm processes does once, so that no run has to: imports, patches."""

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
from flows.parts.prefect_steps import prepare_steps
from schemas.settings import PrefectPatch

LAZY = (
    "anyio._backends._asyncio",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "sqlite3",
    "tasks.deploy.command_deployer",
    "tasks.deploy.compose.deployer",
)
"""Modules that a run imports late; a name that no longer exists only costs time."""


@contextlib.contextmanager
def ready_to_fork() -> Iterator[None]:
    """Import every flow and set Prefect up for runs; the settings hold inside the context."""
    flows()
    for module in LAZY:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    # In Prefect's own format: a run's environment then differs in nothing, so no settings are read.
    os.environ.update(get_current_settings().to_environment_variables(exclude_unset=True))
    apply_patches(Where.RUN)
    prepare_steps()
    gc.freeze()  # keeps the imported objects' memory shared with the forked processes
    gc.set_threshold(20_000, 20, 50)  # a run is short: collect garbage less often
    sys.setswitchinterval(0.001)  # containment must not wait 5 ms for a notification's thread
    heartbeats = none_by_the_engine() if is_active(PrefectPatch.HEARTBEATS) else {}
    with temporary_settings(heartbeats):
        yield
