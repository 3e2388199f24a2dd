"""The worker that `aeef up` starts: registers everything, then runs what Prefect schedules."""

from __future__ import annotations

import os
import sys
import time

import httpx
from prefect.client.orchestration import get_client

from deployments.registry import WORK_POOL, register
from schemas.settings import load_settings

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
    """Register, then become Prefect's own process worker."""
    settings = load_settings()
    wait_for_prefect()
    register(settings)
    name = f"aeef-{os.uname().nodename}"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", WORK_POOL]
    limit = str(settings.worker_limit)
    os.execv(sys.executable, [*command, "--type", "process", "--name", name, "--limit", limit])


if __name__ == "__main__":
    main()
