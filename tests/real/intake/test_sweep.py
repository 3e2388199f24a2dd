"""The sweep finds what should have happened but did not, and does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deployments.intake.intervals import Timing
from deployments.intake.sweep import Sweep
from schemas.errors import InvalidInput, TemporaryError
from schemas.incident import Alert, Incident, IncidentType, Severity, Status, TypeSource
from schemas.settings import Settings
from standins.alertmanager import Alertmanager
from standins.prefect_api import Prefect
from standins.standin import settings_for
from tasks.incident.claim_runbook import alive_of
from tasks.incident.open_by_hand import open_for_rollback
from tasks.incident.open_incident import open_unreadable, parse_alert
from tasks.notify.page_on_call import ensure_page
from tasks.store import Store, open_store
from tasks.store.claim_keys import runbook_key

AT_ONCE = timedelta(0)
NEVER = timedelta(days=1)
QUICK = Timing(page_late=AT_ONCE, runbook_late=AT_ONCE, runbook_missing=NEVER, keep_alive=NEVER)
DAY = timedelta(days=1)
Paged = list[tuple[Incident, str | None, str | None]]


@pytest.fixture
def prefect() -> Iterator[Prefect]:
    """A Prefect without any run."""
    with Prefect() as standin, standin.used():
        yield standin
    assert [] == standin.violations


@pytest.fixture
def settings(home: Path) -> Iterator[Settings]:
    """Settings with a store of their own."""
    made = settings_for(home=home)
    yield made
    open_store(made).close()


class Watched:
    """A sweep, and whom it paged."""

    def __init__(self, settings: Settings, timing: Timing = QUICK) -> None:
        self.store = open_store(settings)
        self.paged: Paged = []
        self.sweep = Sweep(settings, self.store, self._page, timing)

    def _page(self, incident: Incident, reason: str | None = None, key: str | None = None) -> None:
        self.paged.append((incident, reason, key))

    def events(self) -> list[tuple[str, str]]:
        """The events that wait for Prefect, taken out: incident and name."""
        events = self.store.lease_events("test")
        self.store.events_sent([event.event_id for event in events])
        return [(str(event.incident_id), event.event) for event in events]


def open_one(store: Store, severity: Severity = Severity.P1, service: str = "shop") -> Incident:
    """An open incident."""
    alert = Alert(description="x", service=service)
    return store.open_or_attach(alert, IncidentType.SECURITY, severity).incident


def test_an_incident_without_a_run_is_announced_again_once_a_minute(
    settings: Settings, prefect: Prefect
) -> None:
    """Prefect lost the event, or its automation was off."""
    watched = Watched(settings, QUICK._replace(runbook_late=timedelta(microseconds=1)))
    incident = open_one(watched.store, Severity.P4)
    first = watched.events()
    watched.sweep.start_missing_runbooks()
    detected = [(str(incident.incident_id), "aeef.incident.detected")]

    assert detected == first == watched.events()
    watched.sweep.timing = QUICK._replace(runbook_late=timedelta(seconds=60))
    watched.sweep.start_missing_runbooks()
    assert [] == watched.events()


@pytest.mark.parametrize("state", ["SCHEDULED", "PENDING", "RUNNING"])
def test_an_incident_whose_run_waits_for_a_worker_is_left_alone(
    settings: Settings, prefect: Prefect, state: str
) -> None:
    """One run is enough."""
    watched = Watched(settings)
    incident = open_one(watched.store)
    watched.events()
    alert = {"incidentId": str(incident.incident_id)}
    prefect.runs = {uuid4(): (state, {"alert": alert}), uuid4(): (state, {"alert": "odd"})}
    watched.sweep.start_missing_runbooks()

    assert [] == watched.events()


def test_a_guess_that_waits_is_left_alone_and_what_is_confirmed_is_not(
    settings: Settings, prefect: Prefect
) -> None:
    """A run prepared it and ended; once somebody says that it is so, another has to start."""
    moment = timedelta(microseconds=1)
    watched = Watched(settings, QUICK._replace(runbook_late=moment, runbook_missing=AT_ONCE))
    alert = Alert(description="x", service="shop")
    guess = watched.store.open_or_attach(
        alert, IncidentType.SECURITY, Severity.P1, source=TypeSource.GUESS
    ).incident
    watched.store.finish_claim(guess.incident_id, runbook_key(guess), "run 1", {})
    watched.events()
    watched.sweep.start_missing_runbooks()
    watched.sweep.page_for_dead_runs()

    assert ([], []) == (watched.events(), watched.paged)
    watched.store.answer(guess.incident_id, None, actor="ada")
    first = watched.events()
    watched.sweep.start_missing_runbooks()
    assert first == watched.events() == [(str(guess.incident_id), "aeef.incident.detected")]
    assert [("no runbook has started, take over", "page:not-started:word")] == [
        (reason, key) for _, reason, key in watched.paged
    ]


def test_a_relapse_without_a_run_is_announced_and_paged_for_anew(
    settings: Settings, prefect: Prefect
) -> None:
    """The first occurrence's run, page and claim are not the second's."""
    soon = timedelta(microseconds=1)
    watched = Watched(settings, QUICK._replace(runbook_late=soon, runbook_missing=AT_ONCE))
    incident = open_one(watched.store)
    incident_id = str(incident.incident_id)
    watched.store.finish_claim(incident_id, "runbook:P1", f"run {uuid4()}", {})
    watched.store.finish_claim(incident_id, "page:not-started", "door", {})
    watched.store.set_status(incident_id, Status.MITIGATED, actor="runbook")
    watched.store.relapse(incident_id, "seen broken", actor="test")
    watched.events()
    prefect.runs = {uuid4(): ("RUNNING", {"alert": {"incidentId": incident_id}})}
    watched.sweep.start_missing_runbooks()

    assert [(incident_id, "aeef.incident.detected")] == watched.events()
    assert ["page:not-started:occurrence-2"] == [key for _, _, key in watched.paged]
    prefect.runs[uuid4()] = ("RUNNING", {"alert": {"incidentId": incident_id, "occurrence": 2}})
    watched.sweep.start_missing_runbooks()
    assert [] == watched.events()


def test_a_run_that_a_person_cancelled_is_not_made_again(
    settings: Settings, prefect: Prefect
) -> None:
    """A run that a person cancelled before it started is not replaced; a crashed one is."""
    watched = Watched(settings, QUICK._replace(runbook_late=timedelta(microseconds=1)))
    incidents = [open_one(watched.store, service=name) for name in ("cancelled", "crashed")]
    watched.events()
    prefect.runs = {
        uuid4(): (state, {"alert": {"incidentId": str(incident.incident_id)}})
        for state, incident in zip(("CANCELLED", "CRASHED"), incidents, strict=True)
    }
    watched.sweep.start_missing_runbooks()

    assert [(str(incidents[1].incident_id), "aeef.incident.detected")] == watched.events()


def test_an_incident_whose_event_still_waits_is_left_alone(
    settings: Settings, prefect: Prefect
) -> None:
    """Prefect is not asked."""
    watched = Watched(settings)
    open_one(watched.store)
    watched.sweep.start_missing_runbooks()

    assert 1 == watched.store.pending_events()
    assert [] == prefect.requests


def test_no_runbook_is_told_to_the_on_call_of_every_incident(settings: Settings) -> None:
    """Also when Prefect does not answer at all; P4 without a rollback wakes nobody."""
    watched = Watched(settings, QUICK._replace(runbook_missing=AT_ONCE))
    loud = [open_one(watched.store, service=name) for name in "ab"]
    open_one(watched.store, Severity.P4, service="c")
    watched.events()
    watched.sweep.run()
    told = {(incident.incident_id, reason, key) for incident, reason, key in watched.paged if key}

    assert {
        (incident.incident_id, "no runbook has started, take over", "page:not-started")
        for incident in loud
    } == told


def test_a_rollback_by_hand_is_not_done_a_second_time(settings: Settings, prefect: Prefect) -> None:
    """Its record is no incident whose runbook is missing, however long it takes or if it failed."""
    watched = Watched(settings, QUICK._replace(runbook_missing=AT_ONCE))
    open_for_rollback("shop", "ann", settings)
    watched.sweep.run()

    assert [] == watched.events()
    assert [] == watched.paged


def test_an_event_that_nobody_can_read_pages(settings: Settings, prefect: Prefect) -> None:
    """It becomes an incident of its own; the sender's values are not repeated."""
    watched = Watched(settings)
    with pytest.raises(InvalidInput) as raised:
        parse_alert({"colour": "s3cr3t"})
    incident = open_unreadable(raised.value, settings)
    watched.sweep.send_late_pages()

    assert [incident.incident_id] == [each.incident_id for each, _, _ in watched.paged]
    assert "s3cr3t" not in incident.description


@pytest.mark.parametrize(
    ("state", "told"),
    [("RUNNING", False), ("PAUSED", False), ("CRASHED", True), ("FAILED", True), (None, True)],
)
def test_a_run_that_died_is_told_once(
    settings: Settings, prefect: Prefect, state: str | None, told: bool
) -> None:
    """A run that is over without having finished its runbook; also one that Prefect forgot."""
    watched = Watched(settings)
    incident, run_id = open_one(watched.store), uuid4()
    watched.store.claim(incident.incident_id, "runbook:P1", f"run {run_id}", DAY)
    if state:
        prefect.runs[run_id] = (state, {})
    watched.sweep.page_for_dead_runs()
    expected = [(f"automation FAILED, take over: run {run_id} ended", f"page:failed:{run_id}")]

    assert (expected if told else []) == [(reason, key) for _, reason, key in watched.paged]
    watched.store.finish_claim(incident.incident_id, f"page:failed:{run_id}", "flow", {})
    watched.paged.clear()
    watched.sweep.page_for_dead_runs()
    assert [] == watched.paged


def test_a_run_that_completes_while_prefect_is_asked_is_not_told(
    settings: Settings, prefect: Prefect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a storm Prefect answers late: nobody is called for a runbook that was done meanwhile."""
    watched = Watched(settings)
    incident, run_id = open_one(watched.store), uuid4()
    watched.store.claim(incident.incident_id, "runbook:P1", f"run {run_id}", DAY)

    def completed_by_now(holders: set[str]) -> set[str]:
        [holder] = holders
        watched.store.finish_claim(incident.incident_id, "runbook:P1", holder, {})
        prefect.runs[run_id] = ("COMPLETED", {})
        return alive_of(holders)

    monkeypatch.setattr("deployments.intake.sweep.alive_of", completed_by_now)
    watched.sweep.page_for_dead_runs()

    assert [] == watched.paged


def test_what_one_check_cannot_do_does_not_keep_the_others_from_theirs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises."""
    watched = Watched(settings)
    open_one(watched.store)

    def broken() -> None:
        raise TemporaryError("Alertmanager", "away")

    def very_broken() -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(watched.sweep, "keep_alerts_alive", broken)
    monkeypatch.setattr(watched.sweep, "start_missing_runbooks", very_broken)
    seen: list[UUID] = []
    monkeypatch.setattr(watched.sweep, "page_for_dead_runs", lambda: seen.append(uuid4()))
    watched.sweep.run()

    assert (1, 1) == (len(watched.paged), len(seen))


def test_an_alert_in_alertmanager_is_kept_up_while_the_incident_is_open(
    home: Path, alertmanager_standin: Alertmanager
) -> None:
    """Sent again when its time has come, by one of several intakes; not after the end."""
    settings = settings_for(alertmanager_standin, home=home)
    watched = Watched(settings, QUICK._replace(keep_alive=AT_ONCE))
    incident = open_one(watched.store)
    ensure_page(incident.incident_id, settings, holder="test")
    posts = [_posts(alertmanager_standin)]
    for keep_alive in (AT_ONCE, DAY, DAY):
        watched.sweep.timing = QUICK._replace(keep_alive=keep_alive)
        watched.sweep.keep_alerts_alive()
        posts.append(_posts(alertmanager_standin))
    open_store(settings).close()

    assert [1, 2, 3, 3] == posts
    assert 1 == len(alertmanager_standin.alerts)


def _posts(alertmanager: Alertmanager) -> int:
    sent: list[Any] = [json.loads(r.body) for r in alertmanager.requests if r.method == "POST"]
    return len(sent)
