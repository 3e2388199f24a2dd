"""Which events of a task run are sent: that it began and how it ended, not that it will begin."""

from __future__ import annotations

from typing import Any

from prefect import task_engine

EMIT = "emit_task_run_state_change_event"


def send_none_before_tasks_begin() -> None:
    """Leave out the event of a task run's state Pending: it begins a millisecond later.

    Each event costs Prefect's server some milliseconds, these were one in five, and the event of
    the state Running tells it all that they told. Prefect has no setting for that. Where a later
    one does it otherwise, nothing is changed.
    """
    emit = getattr(task_engine, EMIT, None)
    if emit is None:
        return

    def emit_unless_first(*, initial_state: Any, **told: Any) -> Any:
        return emit(initial_state=initial_state, **told) if initial_state else None

    setattr(task_engine, EMIT, emit_unless_first)
