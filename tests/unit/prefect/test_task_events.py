"""What the run says of its steps to Prefect: few events, and our word for what is kept."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from prefect.states import Completed, Pending, Running

from deployments.prefect_patches.task_events import TaskEvents, _is_news


def test_a_step_that_an_earlier_attempt_did_is_called_kept() -> None:
    """Prefect's word for it, cached, says nothing to whoever pressed Retry."""
    sent: list[dict[str, Any]] = []
    events = TaskEvents(lambda **given: sent.append(given))
    run = SimpleNamespace(id=uuid4())
    events.emit(
        task_run=run, initial_state=Running(), validated_state=Completed(name="Cached"), more=1
    )
    events.emit(task_run=run, initial_state=Running(), validated_state=Completed())

    assert ["Kept", "Completed"] == [each["validated_state"].name for each in sent]
    assert sent[0]["validated_state"].is_completed()
    assert sent[0]["validated_state"].timestamp.isoformat()


def test_the_start_of_a_short_step_is_no_event() -> None:
    """Its end has the time of its start."""
    sent: list[dict[str, Any]] = []
    events = TaskEvents(lambda **given: sent.append(given))
    run = SimpleNamespace(id=uuid4())
    events.emit(task_run=run, initial_state=Pending(), validated_state=Running())
    events.emit(task_run=run, initial_state=Running(), validated_state=Completed())

    assert ["Completed"] == [each["validated_state"].name for each in sent]


def test_the_log_has_the_same_word() -> None:
    """The line of a kept step stays; that of a completed one is left out."""
    said = {}
    for name in ("Cached(type=COMPLETED)", "Completed()"):
        record = logging.LogRecord("x", logging.INFO, "", 0, f"Finished in state {name}", (), None)
        said[name] = (_is_news(record), record.msg)

    assert (True, "Finished in state Kept(type=COMPLETED)") == said["Cached(type=COMPLETED)"]
    assert not said["Completed()"][0]
