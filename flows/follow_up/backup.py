"""Scheduled: the restore drill."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.settings import load_settings
from tasks.backup.drill import drill as try_out


@flow(name="backup")
def drill() -> State[str]:
    """Make a backup, restore it into a temporary place, verify it there; on record."""
    return Completed(message=try_out(load_settings()).in_words)
