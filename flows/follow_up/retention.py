"""Scheduled: disposes of what is due, and prunes Prefect, by the table `[retention]`."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.settings import load_settings
from tasks.retention.dispose import dispose_of_due
from tasks.retention.prune_prefect import prune_prefect


@flow(name="retention")
def dispose() -> State[str]:
    """Dispose of incidents whose time is over, delivered events and old claims; on record."""
    return Completed(message=dispose_of_due(load_settings()).in_words)


@flow(name="retention")
def prune() -> State[str]:
    """Take ended runs out of Prefect, after the days in the settings; their record stays."""
    return Completed(message=prune_prefect(load_settings()).in_words)
