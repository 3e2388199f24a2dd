"""The dispatcher as a process: `python -m deployments.dispatcher.main`."""

from __future__ import annotations

import logging
import signal
import sys
import threading

from deployments.prefect_server.settings import use_prefect
from schemas.settings import load_settings


def main() -> None:
    """Work until SIGTERM or SIGINT."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = load_settings()
    use_prefect(settings)
    from deployments.dispatcher.dispatcher import Dispatcher
    from tasks.base.connections import keep_connections
    from tasks.store import open_store

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with keep_connections(settings):
        Dispatcher(settings, open_store(settings)).run(stopping)


if __name__ == "__main__":
    main()
