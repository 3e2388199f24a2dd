"""Kills the processes of a run, and lets the run go on."""

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


def retry(stack: Stack, incident_id: str) -> None:
    """Mark the run Crashed, as its missing heartbeat would, and press Retry."""
    run_id = stack.run_id(incident_id)
    crashed = {"state": {"type": "CRASHED", "name": "Crashed"}, "force": True}
    stack.prefect("POST", f"/flow_runs/{run_id}/set_state", json=crashed)
    stack.press_retry(run_id)
