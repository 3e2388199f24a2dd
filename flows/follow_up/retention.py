"""Scheduled: disposes of what is due, by the table `[retention]`."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.settings import load_settings
from tasks.retention.dispose import dispose_of_due


@flow(name="retention")
def dispose() -> State[str]:
    """Dispose of incidents whose time is over, delivered events and old claims; on record."""
    return Completed(message=dispose_of_due(load_settings()).in_words)
