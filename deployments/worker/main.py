"""The worker that `aeef up` starts: registers deployments, then executes scheduled runs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.workers.base import BaseWorker

from deployments.prefect_patches.patches import OF_OUR_WORKER, Where, apply_patches, report
from deployments.prefect_server.settings import RUNS_ENVIRONMENT
from deployments.registry.register import register
from deployments.worker.ownership.instance import begin_instance
from schemas.held import held
from schemas.settings import PATCHES_VARIABLE, Settings, WorkerKind, config_path, load_settings

ASK_SECONDS = 0.3


def wait_for_prefect() -> None:
    """Return as soon as the server answers."""
    while True:
        try:
            with get_client(sync_client=True) as client:
                if client.api_healthcheck() is None:
                    return
        except (httpx.HTTPError, OSError, RuntimeError):
            pass
        time.sleep(ASK_SECONDS)


def main() -> None:
    """Register, then serve the work pool until SIGTERM or SIGINT."""
    settings = load_settings()
    # Runs have a working directory of their own: they must not look for the file there.
    if path := config_path():
        os.environ["AEEF_CONFIG"] = str(path)
    os.environ["AEEF_HOME"] = str(settings.home)
    # Worker and runs must agree on who sends heartbeats, even if the file changes later.
    os.environ[PATCHES_VARIABLE] = settings.prefect_patches
    for name, value in RUNS_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    is_warm = settings.worker.kind is WorkerKind.WARM
    report(_say, settings.prefect_patches, *(OF_OUR_WORKER if is_warm else ()))
    wait_for_prefect()
    register(settings)
    name = f"aeef-{os.uname().nodename}"
    if is_warm:
        apply_patches(Where.WORKER)
    asyncio.run(_serve(settings, name))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _worker(settings: Settings, name: str) -> BaseWorker[Any, Any, Any]:
    if settings.worker.kind is not WorkerKind.WARM:
        from deployments.worker.stock import stock_worker

        # Its runs read their settings where Prefect gives them: in their environment.
        os.environ.update(held())
        return stock_worker(settings, name)
    from deployments.worker.worker import WarmWorker

    instance = begin_instance(settings.home, name)
    return WarmWorker(
        settings.worker.pool,
        name=name,
        limit=settings.worker_limit,
        processes=settings.worker.processes,
        reserved=min(settings.worker.reserved, settings.worker_limit - 1),
        instance=instance,
    )


async def _serve(settings: Settings, name: str) -> None:
    worker = _worker(settings, name)
    serving = asyncio.ensure_future(worker.start())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    main()
