"""The intake as a process: `python -m deployments.intake.main`."""

from __future__ import annotations

import logging
import resource
import sys

import uvicorn

from deployments.intake.app import create_app
from deployments.intake.connections import Connection
from schemas.settings import load_settings

STOP_SECONDS = 10


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    _allow_many_files()
    settings = load_settings()
    config = uvicorn.Config(
        create_app(),
        host=settings.intake.host,
        port=settings.intake.port,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    uvicorn.Server(config).run()


def _allow_many_files() -> None:
    """As many open files as the system lets us have: each connection is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
