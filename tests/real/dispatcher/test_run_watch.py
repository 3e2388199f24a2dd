"""Each incident gets a run: what started none is announced again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deployments.dispatcher.intervals import Timing
from deployments.dispatcher.run_watch import RunWatch
from deployments.intake.beside.sweep import Sweep
from deployments.intake.intervals import Timing as DoorTiming
from fixtures.watching import Pages, open_one, taken_events
from schemas.incident import Alert, IncidentType, Severity, Status, TypeSource
from schemas.settings import Settings
from standins.prefect.api import Prefect
from standins.standin import settings_for
from tasks.store import open_store
from tasks.store.claim_keys import runbook_key

AT_ONCE = timedelta(0)
NEVER = timedelta(days=1)
QUICK = Timing(runbook_late=AT_ONCE)


@pytest.fixture
def settings(home: Path) -> Iterator[Settings]:
    """Settings with a store of their own."""
    made = settings_for(home=home)
    yield made
    open_store(made).close()


class Watched:
    """A watch of runs, the intake's sweep, and whom it paged."""

    def __init__(self, settings: Settings, timing: Timing = QUICK) -> None:
        self.store = open_store(settings)
        self.pages = Pages()
        self.runs = RunWatch(settings, self.store, timing)
        at_once = DoorTiming(runbook_missing=AT_ONCE)
        self.sweep = Sweep(settings, self.store, self.pages, at_once)

    def events(self) -> list[tuple[str, str]]:
        """The events that wait for Prefect, taken out: incident and name."""
        return taken_events(self.store)


def test_an_incident_without_a_run_is_announced_again_once_a_minute(
    settings: Settings, prefect: Prefect
) -> None:
    """Prefect lost the event, or its automation was off."""
    watched = Watched(settings, QUICK._replace(runbook_late=timedelta(microseconds=1)))
    incident = open_one(watched.store, Severity.P4)
    first = watched.events()
    watched.runs.start_missing_runbooks()
    detected = [(str(incident.incident_id), "aeef.incident.detected")]

    assert detected == first == watched.events()
    watched.runs.timing = QUICK._replace(runbook_late=timedelta(seconds=60))
    watched.runs.start_missing_runbooks()
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
    watched.runs.start_missing_runbooks()

    assert [] == watched.events()


def test_a_guess_that_waits_is_left_alone_and_what_is_confirmed_is_not(
    settings: Settings, prefect: Prefect
) -> None:
    """A run prepared it and ended; once somebody says that it is so, another has to start."""
    moment = timedelta(microseconds=1)
    watched = Watched(settings, QUICK._replace(runbook_late=moment))
    alert = Alert(description="x", service="shop")
    guess = watched.store.open_or_attach(
        alert, IncidentType.SECURITY, Severity.P1, source=TypeSource.GUESS
    ).incident
    watched.store.finish_claim(guess.incident_id, runbook_key(guess), "run 1", {})
    watched.events()
    watched.runs.start_missing_runbooks()
    watched.sweep.page_for_missing_runbooks()

    assert ([], []) == (watched.events(), watched.pages.all)
    watched.store.answer(guess.incident_id, None, actor="ada")
    first = watched.events()
    watched.runs.start_missing_runbooks()
    watched.sweep.page_for_missing_runbooks()
    assert first == watched.events() == [(str(guess.incident_id), "aeef.incident.detected")]
    assert [("no runbook has started, take over", "page:not-started:word")] == [
        (reason, key) for _, reason, key in watched.pages.all
    ]


def test_a_relapse_without_a_run_is_announced_and_paged_for_anew(
    settings: Settings, prefect: Prefect
) -> None:
    """The first occurrence's run, page and claim are not the second's."""
    soon = timedelta(microseconds=1)
    watched = Watched(settings, QUICK._replace(runbook_late=soon))
    incident = open_one(watched.store)
    incident_id = str(incident.incident_id)
    watched.store.finish_claim(incident_id, "runbook:P1", f"run {uuid4()}", {})
    watched.store.finish_claim(incident_id, "page:not-started", "door", {})
    watched.store.set_status(incident_id, Status.MITIGATED, actor="runbook")
    watched.store.relapse(incident_id, "seen broken", actor="test")
    watched.events()
    prefect.runs = {uuid4(): ("RUNNING", {"alert": {"incidentId": incident_id}})}
    watched.runs.start_missing_runbooks()
    watched.sweep.page_for_missing_runbooks()

    assert [(incident_id, "aeef.incident.detected")] == watched.events()
    assert ["page:not-started:occurrence-2"] == [key for _, _, key in watched.pages.all]
    prefect.runs[uuid4()] = ("RUNNING", {"alert": {"incidentId": incident_id, "occurrence": 2}})
    watched.runs.start_missing_runbooks()
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
    watched.runs.start_missing_runbooks()

    assert [(str(incidents[1].incident_id), "aeef.incident.detected")] == watched.events()


def test_an_incident_whose_event_still_waits_is_left_alone(
    settings: Settings, prefect: Prefect
) -> None:
    """Prefect is not asked."""
    watched = Watched(settings)
    open_one(watched.store)
    watched.runs.start_missing_runbooks()

    assert 1 == watched.store.pending_events()
    assert [] == prefect.requests
