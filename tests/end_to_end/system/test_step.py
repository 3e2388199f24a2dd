"""A step: retries what is worth it, is on record exactly once, and a retry of the run skips it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prefect import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from fixtures.stack import Stack
from flows.parts.prefect_steps import run_step
from schemas.errors import PermanentError, TemporaryError, UnexpectedError
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import load_settings
from tasks.case import Case
from tasks.step import step
from tasks.store import Store, open_store


@pytest.fixture
def store(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own; runs go to the session's Prefect server."""
    monkeypatch.setenv("AEEF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AEEF_SLACK__TOKEN", "xoxb-very-secret")
    monkeypatch.setenv("AEEF_RETRY__ATTEMPTS", "3")
    monkeypatch.setenv("AEEF_RETRY__FIRST_WAIT", "0.01")
    opened = open_store(load_settings())
    with temporary_settings({PREFECT_API_URL: stack.prefect_api}):
        yield opened
    opened.close()


@pytest.fixture
def incident_id(store: Store) -> str:
    """An open incident."""
    alert = Alert(type=IncidentType.UNKNOWN, description=str(uuid4()))
    opened = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P2)
    return str(opened.incident.incident_id)


def run(work: Callable[[], object], incident_id: str) -> None:
    """Run `work` as a step of a flow; raises what the step raised in the end."""

    @step("try it", says=str, timeout=30)
    def attempt(_case: Case) -> object:
        return work()

    @flow(name=f"test-{uuid4()}")
    def a_runbook() -> None:
        run_step(attempt, incident_id)
        run_step(attempt, incident_id)

    a_runbook()


def actions(store: Store, incident_id: str) -> list[str]:
    """What is on record, after the opening."""
    return [each.action for each in store.incident(incident_id).actions_taken[1:]]


def test_what_was_done_is_on_record_once(store: Store, incident_id: str) -> None:
    """The same step with the same arguments in one run is done and recorded once."""
    calls = iter(["did it", "did it twice"])

    run(lambda: next(calls), incident_id)

    assert ["did it"] == actions(store, incident_id)


def test_what_may_pass_is_tried_again(store: Store, incident_id: str) -> None:
    """A temporary failure is retried; only the success is on record."""
    outcomes = iter([TemporaryError("Slack", "busy"), TemporaryError("Slack", "busy"), "did it"])

    run(lambda: _give(next(outcomes)), incident_id)

    assert ["did it"] == actions(store, incident_id)


def test_how_often_it_is_tried_is_read_when_it_runs(
    store: Store, incident_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that was made, and has run, under another `[retry]` follows the present one."""
    tries: list[int] = []

    @step("count the tries", says=str, timeout=30)
    def attempt(_case: Case) -> None:
        tries[-1] += 1
        raise TemporaryError("Slack", "busy")

    @flow(name=f"test-{uuid4()}")
    def a_runbook() -> None:
        run_step(attempt, incident_id)

    for attempts in ("2", "4", "1"):
        monkeypatch.setenv("AEEF_RETRY__ATTEMPTS", attempts)
        tries.append(0)
        with pytest.raises(TemporaryError):
            a_runbook()

    assert [2, 4, 1] == tries


def test_a_failure_is_on_record_though_more_attempts_are_allowed_meanwhile(
    store: Store, incident_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect does not try again by a `[retry]` that changed after the step began."""
    monkeypatch.setenv("AEEF_RETRY__ATTEMPTS", "1")

    def work() -> None:
        monkeypatch.setenv("AEEF_RETRY__ATTEMPTS", "5")
        raise TemporaryError("Slack", "busy")

    with pytest.raises(TemporaryError):
        run(work, incident_id)

    assert ["FAILED: try it: Slack: busy"] == actions(store, incident_id)


def test_what_cannot_pass_is_not_tried_again(store: Store, incident_id: str) -> None:
    """A permanent failure is tried once, and on record with its reason."""
    outcomes = iter([PermanentError("Slack", "no such channel"), "did it"])

    with pytest.raises(PermanentError):
        run(lambda: _give(next(outcomes)), incident_id)

    assert ["FAILED: try it: Slack: no such channel"] == actions(store, incident_id)


def test_what_never_passes_is_on_record_once(store: Store, incident_id: str) -> None:
    """After the last attempt there is one line, not one for each."""
    outcomes = iter([TemporaryError("Slack", "down")] * 3)

    with pytest.raises(TemporaryError):
        run(lambda: _give(next(outcomes)), incident_id)

    assert ["FAILED: try it: Slack: down"] == actions(store, incident_id)


def test_a_secret_in_an_unexpected_error_goes_nowhere(store: Store, incident_id: str) -> None:
    """Whatever an exception says, a configured secret is taken out of it, raised or recorded."""
    unexpected = ValueError("sent xoxb-very-secret")
    with pytest.raises(UnexpectedError) as raised:
        run(lambda: _give(unexpected), incident_id)

    shown = "".join(traceback.format_exception(raised.value))
    assert "xoxb-very-secret" not in shown
    assert "ValueError: sent [hidden]" in shown
    [text] = actions(store, incident_id)
    assert "xoxb-very-secret" not in text
    assert text.startswith("FAILED: try it: ValueError: sent")


def test_a_step_works_without_prefect(store: Store, incident_id: str) -> None:
    """Called as a plain function it is on record just the same."""

    @step("by hand", says=lambda told: told, timeout=30)
    def by_hand(_case: Case) -> str:
        return "did it by hand"

    by_hand.directly(incident_id)

    assert ["did it by hand"] == actions(store, incident_id)


def _give(outcome: object) -> object:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
