"""Scheduled: waivers that ended, whether corrective actions worked, and what people must know."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.settings import load_settings
from tasks.corrective.look import look_at_all


@flow(name="corrective")
def look() -> State[str]:
    """Ask whether verified actions worked; what did not is open again by itself."""
    return Completed(message=look_at_all(load_settings()))
