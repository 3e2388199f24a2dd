"""Flows for tests of the worker: one leaves traces in its process, one waits."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

from prefect import flow

NAME = "AEEF_LEFT_BEHIND"
LEFT = contextvars.ContextVar("left", default="nothing")


@flow(name="leaves-traces")
def leaves_traces(told: str) -> None:
    """Write what is found to the file `told`, then leave behind everything that a run could."""
    found = {
        "process": os.getpid(),
        "parent": os.getppid(),
        "variable": os.environ.get(NAME),
        "given": os.environ.get("GIVEN"),
        "context": LEFT.get(),
        "directory": str(Path.cwd()),
        "in_directory": [each.name for each in Path.cwd().iterdir()],
        "handlers": sum(isinstance(each, logging.FileHandler) for each in logging.root.handlers),
        "threads": sum(thread.name == NAME for thread in threading.enumerate()),
    }
    os.environ[NAME] = "yes"
    LEFT.set("something")
    Path("left").touch()
    os.chdir("/")
    logging.root.addHandler(logging.FileHandler(os.devnull))
    threading.Thread(target=threading.Event().wait, name=NAME, daemon=True).start()
    Path(told).write_text(json.dumps(found))


@flow(name="waits")
def waits(alert: dict[str, Any], until: str) -> None:
    """Run until the file `until` exists; `alert` has its severity."""
    while not Path(until).exists():
        time.sleep(0.05)
