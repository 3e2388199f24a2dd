"""Kills the processes of runs."""

from __future__ import annotations

from contextlib import suppress

import psutil

from fixtures.stack import Stack


def kill_worker(stack: Stack) -> None:
    """`kill -9` of the worker and of every run that it started, as when a machine dies."""
    worker = stack.worker
    victims = [*worker.children(recursive=True), worker]
    for victim in victims:
        _kill(victim)
    psutil.wait_procs(victims[:-1], timeout=10)


def _kill(process: psutil.Process) -> None:
    # A short command of the target may have ended since it was seen.
    with suppress(psutil.NoSuchProcess):
        process.kill()
