"""The sentences about runs that ended before their time, for record, page and log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from schemas.wording import some


def of_take_over(run: FlowRun, number: int, most: int) -> str:
    """That a run goes on by itself."""
    return (
        f"run {run.id} ended before its time{_message(run)}; it goes on where it stopped,"
        f" take-over {number} of {most}"
    )


def of_waiting(run: FlowRun, now: datetime) -> str:
    """That a run was to go on, and no worker began it."""
    since = run.state.timestamp if run.state else now
    minutes = int((now - since).total_seconds() // 60)
    return (
        f"automation WAITS, take over: run {run.id} is to go on, and no worker took it for"
        f" {minutes} min"
    )


def of_end(run_id: UUID, run: FlowRun | None, taken_over: int) -> str:
    """How a run ended, for good."""
    if run is None or run.state is None:
        return f"run {run_id} ended: Prefect has it no longer"
    again = f", also after {taken_over} take-overs" if taken_over else ""
    at = f"{run.state.timestamp:%H:%M:%S} UTC"
    if run.state.is_cancelled():
        return (
            f"run {run_id} was cancelled in Prefect, at {at}, which does not say by whom"
            f"{_message(run)}"
        )
    return f"run {run_id} ended as {run.state.name} at {at}{again}{_message(run)}"


def of_call(ended: str, run: FlowRun | None) -> str:
    """What the page says; a run that a person cancelled did not fail."""
    is_cancelled = run is not None and run.state is not None and run.state.is_cancelled()
    return f"automation {'STOPPED' if is_cancelled else 'FAILED'}, take over: {ended}"


def of_death(ended: str, done: list[str], left: list[str]) -> str:
    """What a run had done, and what it left, by what Prefect has of its steps."""
    return (
        f"{ended}; completed: {some(done) or 'nothing'};"
        f" begun and not completed: {some(left) or 'nothing'}"
    )


def _message(run: FlowRun) -> str:
    message = (run.state.message if run.state else None) or ""
    return f" ({message})" if message else ""
