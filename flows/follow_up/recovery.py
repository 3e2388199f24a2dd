"""Runbook: what was given back to its users is looked at more closely for some days."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.settings import load_settings
from tasks.drift.follow_drift import watch as watch_drift
from tasks.relapse.watch_recoveries import watch_recoveries


@flow(name="recovery")
def watch() -> State[str]:
    """Look at the health of each recovering target, and oftener for drift than at others."""
    said, due = watch_recoveries(load_settings())
    futures = [watch_drift.submit(name) for name in due]
    for future in futures:
        future.wait()
        said.append(str(future.state.message or future.state.name))
    return Completed(message=" | ".join(said) or "nothing is watched")
