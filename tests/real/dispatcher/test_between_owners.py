"""Runs between two owners: they go on by themselves, or a person is called, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deployments.dispatcher import run_looks
from deployments.dispatcher.between_owners import BetweenOwners
from deployments.registry.owner import NO_HEARTBEAT, Owner, taken_by
from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.settings import Settings
from standins.prefect.api import Prefect
from standins.standin import settings_for
from tasks.store import Store, open_store

DAY = timedelta(days=1)
ADA = Owner("aeef-ada", "a" * 32)
GOES_ON = "it goes on where it stopped, take-over"


@pytest.fixture
def settings(home: Path) -> Iterator[Settings]:
    """Settings with a store of their own; a run goes on twice by itself."""
    made = settings_for(home=home, takeover={"attempts": 2})
    yield made
    open_store(made).close()


class Watched:
    """The watch, a run for an open incident that it has claimed, and whom it paged."""

    def __init__(self, settings: Settings, prefect: Prefect) -> None:
        self.store: Store = open_store(settings)
        self.prefect = prefect
        self.paged: list[tuple[str, str]] = []
        self.watch = BetweenOwners(settings, self.store, self._page)
        alert = Alert(description="x", service="shop")
        opened = self.store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
        self.incident: Incident = opened.incident
        self.run_id = uuid4()
        self.store.claim(self.incident.incident_id, "runbook:P1", f"run {self.run_id}", DAY)

    def _page(self, _incident: Incident, reason: str, key: str) -> None:
        self.paged.append((reason, key))

    def run_is(self, state: str, age: float = 0.0, message: str = "", **more: Any) -> None:
        """The run, as Prefect has it: in this state for so many seconds."""
        alert = {"incidentId": str(self.incident.incident_id)}
        since = datetime.now(UTC) - timedelta(seconds=age)
        self.prefect.runs[self.run_id] = state, {"alert": alert}
        self.prefect.more[self.run_id] = {"deployment_id": str(uuid4()), **more}
        self.prefect.state_of[self.run_id] = {
            "id": str(uuid4()),
            "timestamp": since.isoformat(),
            "message": message,
            "state_details": {"scheduled_time": since.isoformat()},
        }

    def looks(self) -> str:
        """After one round: the run's state."""
        self.watch.run()
        return self.prefect.runs[self.run_id][0]

    def actions(self) -> list[str]:
        """What is on record as done."""
        found = self.store.incident(self.incident.incident_id)
        return [each.action for each in found.actions_taken]


@pytest.fixture
def watched(settings: Settings, prefect: Prefect) -> Iterator[Watched]:
    """The watch."""
    made = Watched(settings, prefect)
    yield made
    made.watch.close()


def test_a_run_that_died_goes_on_and_that_is_on_record(watched: Watched) -> None:
    """The same run is due again; nobody is called."""
    watched.run_is("CRASHED", message="exited with status code -9")

    assert "SCHEDULED" == watched.looks() == watched.looks()

    [(run_id, state)] = watched.prefect.set_states
    assert (watched.run_id, "AwaitingRetry") == (run_id, state["name"])
    assert [
        f"run {run_id} ended before its time (exited with status code -9); {GOES_ON} 1 of 2"
    ] == watched.actions()[1:]
    assert [] == watched.paged


def test_a_run_that_dies_again_and_again_calls_a_person(watched: Watched) -> None:
    """Twice it goes on, as is configured; then a page says what was done and what was left."""
    for name, state in (("choose release", "COMPLETED"), ("deploy release", "RUNNING")):
        moment = datetime.now(UTC).isoformat()
        watched.prefect.steps.append(
            {
                "id": str(uuid4()),
                "name": name,
                "task_key": name,
                "dynamic_key": "0",
                "start_time": moment,
                "state": {"type": state, "name": state.title(), "timestamp": moment},
            }
        )
    for _ in range(2):
        watched.run_is("CRASHED")
        assert "SCHEDULED" == watched.looks()
    watched.run_is("CRASHED")

    assert "CRASHED" == watched.looks()

    [(reason, key)] = watched.paged
    assert reason.startswith(f"automation FAILED, take over: run {watched.run_id} ended as Crashed")
    assert "also after 2 take-overs" in reason
    assert f"page:failed:{watched.run_id}" == key
    assert (
        "completed: choose release; begun and not completed: deploy release"
        in (watched.actions()[-1])
    )
    watched.store.finish_claim(watched.incident.incident_id, key, "flow", {})
    assert "CRASHED" == watched.looks()
    assert 1 == len(watched.paged)


@pytest.mark.parametrize(
    ("state", "called"),
    [("RUNNING", False), ("PAUSED", False), ("FAILED", True), ("CANCELLED", True), (None, True)],
)
def test_what_does_not_go_on_by_itself_calls_a_person(
    watched: Watched, state: str | None, called: bool
) -> None:
    """An error of the runbook, a person who cancelled it, a run that Prefect forgot."""
    if state:
        watched.run_is(state)
    watched.watch.run()

    assert called == bool(watched.paged)
    assert [] == watched.prefect.set_states
    if state == "CANCELLED":
        assert "automation STOPPED, take over" in watched.paged[0][0]


def test_a_doubtful_death_can_be_put_right_first(watched: Watched) -> None:
    """Prefect missed heartbeats; the worker, if it lives, says so within seconds."""
    watched.run_is("CRASHED", 5, NO_HEARTBEAT)
    assert "CRASHED" == watched.looks()

    watched.run_is("CRASHED", 20, NO_HEARTBEAT)
    assert "SCHEDULED" == watched.looks()
    assert [] == watched.paged


def test_a_pending_run_whose_worker_is_gone_goes_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while its worker sends heartbeats, nor when it only missed some."""
    watched.prefect.online = {ADA.worker: True}
    watched.run_is("PENDING", 60, taken_by(ADA))
    assert "PENDING" == watched.looks()
    watched.prefect.online = {ADA.worker: False}
    assert "PENDING" == watched.looks()

    monkeypatch.setattr(run_looks, "OFFLINE_FOR", 0.0)

    assert "SCHEDULED" == watched.looks()
    assert ["CRASHED", "SCHEDULED"] == [state["type"] for _, state in watched.prefect.set_states]


def test_a_running_run_whose_event_was_lost_goes_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect's automation never saw it begin; its worker is gone, and it is silent."""
    monkeypatch.setattr(run_looks, "OFFLINE_FOR", 0.0)
    moment = datetime.now(UTC)
    watched.prefect.states_before[watched.run_id] = [
        {"type": "PENDING", "timestamp": moment.isoformat(), "message": taken_by(ADA)}
    ]
    watched.prefect.heartbeats = [(moment - timedelta(seconds=60)).isoformat()]
    watched.run_is("RUNNING", 900)
    assert "RUNNING" == watched.looks()

    watched.prefect.heartbeats = [(moment - timedelta(seconds=200)).isoformat()]
    monkeypatch.setattr("deployments.dispatcher.between_owners.LOOK_AT_RUNNING_SECONDS", 0.0)
    assert "CRASHED" == watched.looks(), "its worker may still put it right"


def test_a_cancelled_run_that_nobody_ends_is_ended(watched: Watched) -> None:
    """Its worker died while it stopped it: it is no longer Cancelling for ever."""
    watched.run_is("CANCELLING", 120)

    assert "CANCELLED" == watched.looks()
    assert "automation STOPPED" in watched.paged[0][0]


def test_a_run_that_no_worker_begins_calls_a_person(watched: Watched) -> None:
    """It was to go on by itself, and minutes later it still waits; once."""
    watched.run_is("SCHEDULED", 400)
    watched.looks()

    [(reason, key)] = watched.paged
    assert "no worker took it for 6 min" in reason
    assert f"page:waiting:{watched.run_id}" == key


def test_nothing_is_done_for_what_is_over_or_starts_again_by_its_schedule(
    watched: Watched,
) -> None:
    """A resolved incident, a run of a schedule, and a run without a deployment."""
    watched.run_is("CRASHED", auto_scheduled=True)
    assert "CRASHED" == watched.looks()
    watched.run_is("CRASHED", deployment_id=None)
    assert "CRASHED" == watched.looks()
    watched.run_is("CRASHED")
    watched.store.set_status(watched.incident.incident_id, Status.RESOLVED, actor="ada")
    assert "CRASHED" == watched.looks()

    assert [] == watched.prefect.set_states


def test_what_completes_while_prefect_is_asked_calls_nobody(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a storm Prefect answers late: the runbook was finished meanwhile."""
    watched.run_is("FAILED")
    by_id = watched.watch._runs.by_id  # noqa: SLF001 - the moment between two questions

    def finished_by_now(ids: set[UUID]) -> Any:
        holder = f"run {watched.run_id}"
        watched.store.finish_claim(watched.incident.incident_id, "runbook:P1", holder, {})
        return by_id(ids)

    monkeypatch.setattr(watched.watch._runs, "by_id", finished_by_now)  # noqa: SLF001
    watched.watch.run()

    assert [] == watched.paged


def test_one_check_that_fails_does_not_keep_the_others_from_their_work(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises; also when Prefect does not answer at all."""

    def broken() -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(watched.watch, "end_what_nobody_has", broken)
    watched.run_is("CRASHED")

    assert "SCHEDULED" == watched.looks()


def test_a_prefect_that_answers_500_changes_nothing(watched: Watched) -> None:
    """No page while it is not known whether the run is over; the next round goes on."""
    watched.run_is("CRASHED")
    watched.prefect.fail_with(500, times=None)
    watched.watch.run()
    assert ([], []) == (watched.paged, watched.prefect.set_states)

    watched.prefect.recover()
    assert "SCHEDULED" == watched.looks()
    assert [] == watched.paged
