"""An alert on a contained incident: the intake looks at the service, and pages when it is broken.

Prefect is always down here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fixtures.intake import Intake, StartIntake
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.settings import Settings
from standins.alertmanager import Alertmanager
from standins.pagerduty import PagerDuty
from standins.standin import settings_for
from support import wait_until
from tasks.isolation.journal import begin_isolation
from tasks.notify.stand_down import resolve_page
from tasks.store import open_store

HTML = {"Accept": "text/html"}
Serve = Callable[..., Intake]


class Shop:
    """The service: up or down, as its health command sees it; how often it was looked at."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        self.looks = place / "looks"

    def target(self, command: str = "echo >>looks; test -e up") -> dict[str, Any]:
        """Its table in the settings."""
        health = {"command": ["sh", "-c", command], "successes": 1, "timeout": 30.0}
        return {
            "repository": str(self.place),
            "deploy_command": ["true"],
            "required_gates": ["tests"],
            "health": health,
        }

    def start(self) -> None:
        """It is well from now on."""
        (self.place / "up").touch()

    def times(self) -> int:
        """How often somebody looked."""
        return len(self.looks.read_text().splitlines()) if self.looks.exists() else 0


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A service that is down."""
    return Shop(tmp_path / "shop")


@pytest.fixture
def serve(start_intake: StartIntake, shop: Shop, pagerduty: PagerDuty) -> Serve:
    """Start an intake that knows the service, with other sections of the settings."""

    def started(*standins: Any, **sections: Any) -> Intake:
        given = {"targets": {"shop": shop.target()}, **sections}
        return start_intake(*(standins or (pagerduty,)), **given)

    return started


def failed(intake: Intake, **alert: Any) -> str:
    """Report that its deployment failed; the incident's id."""
    return intake.report(type="deployment-failure", service="shop", **alert)


def contained(intake: Intake, status: Status = Status.MITIGATED, **alert: Any) -> str:
    """An incident that was paged for, taken by a person, and has this status."""
    incident_id = failed(intake, **alert)
    wait_until(lambda: intake.store.claim_result(incident_id, "page:P1"))
    intake.store.acknowledge(incident_id, actor="ada")
    intake.store.set_status(incident_id, status, actor="runbook")
    return incident_id


def looked(intake: Intake, incident_id: str) -> dict[str, Any]:
    """What the last look saw, when every question is answered."""
    path = f"/incidents/{incident_id}/look"

    def answered() -> dict[str, Any]:
        state: dict[str, Any] = intake.ask("GET", path).json()
        last: dict[str, Any] = state["last"] if state["asked"] == state["answered"] else {}
        return last

    return wait_until(answered)


def test_a_service_that_breaks_again_pages_again(serve: Serve, pagerduty: PagerDuty) -> None:
    """Under a key of its own, which rings though the first was taken; both end with it."""
    intake = serve()
    incident_id = contained(intake)
    answer = intake.ask(
        "POST", "/v1/alerts", json={"type": "deployment-failure", "service": "shop"}
    ).json()
    second = f"{incident_id}:occurrence-2"
    wait_until(lambda: second in pagerduty.alerts)
    incident = intake.store.incident(incident_id)

    assert (incident_id, False, "mitigated", 1) == (
        answer["incidentId"], answer["new"], answer["status"], answer["look"]
    )  # fmt: skip
    assert (Status.OPEN, 2, 2) == (incident.status, incident.occurrence, pagerduty.pages)
    assert "(occurrence 2)" in pagerduty.alerts[second].payload["summary"]
    assert any("relapse, occurrence 2: the service is broken" in text
               for text in intake.actions(incident_id))  # fmt: skip
    said = "paged on-call by PagerDuty (occurrence 2, the service is broken now, seen at "
    wait_until(lambda: said in "".join(intake.actions(incident_id)))
    assert "occurrence 2, the service is broken" in pagerduty.alerts[second].payload["summary"]
    page = intake.ask("GET", f"/incidents/{incident_id}", headers=HTML).text
    assert "<strong>Occurrence 2</strong>, relapsed <time" in page
    counted = 'aeef_relapses_total{severity="P1",type="deployment-failure"} 1.0'
    assert counted in intake.ask("GET", "/metrics").text
    failed(intake)
    assert 2 == pagerduty.pages
    resolve_page(incident_id, intake.settings, holder="from before the relapse")
    assert "triggered" == pagerduty.alerts[second].state
    intake.store.set_status(incident_id, Status.RESOLVED, actor="ada")
    resolve_page(incident_id, intake.settings, holder="ada")
    states = {key: alert.state for key, alert in pagerduty.alerts.items() if incident_id in key}
    assert {incident_id: "resolved", second: "resolved"} == states


def test_a_service_that_is_well_pages_nobody(
    serve: Serve, shop: Shop, pagerduty: PagerDuty
) -> None:
    """The alert is attached, and the record says what was seen and when."""
    shop.start()
    intake = serve()
    incident_id = contained(intake)
    failed(intake)
    seen = looked(intake, incident_id)

    assert ("well", False, 1) == (seen["verdict"], seen["isRelapse"], seen["occurrence"])
    assert "the service is well now, seen at" in seen["said"]
    assert any(seen["said"] in text for text in intake.actions(incident_id))
    assert (Status.MITIGATED, 1) == (intake.store.incident(incident_id).status, pagerduty.pages)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ({}, "service 'shop' belongs to no configured target"),
        ("sleep 3", "nothing was seen within 0.3 s"),
    ],
)
def test_what_cannot_be_looked_at_pages(
    serve: Serve, shop: Shop, pagerduty: PagerDuty, targets: Any, words: str
) -> None:
    """No target, or no answer in time: unknown is not well, and nothing waits without an end."""
    if isinstance(targets, str):
        targets = {"shop": shop.target(targets)}
    intake = serve(targets=targets, relapse={"look_within": 0.3})
    incident_id = contained(intake)
    began = time.monotonic()
    failed(intake)
    accepted = time.monotonic() - began
    seen = looked(intake, incident_id)
    wait_until(lambda: pagerduty.pages == 2)

    assert accepted < 10
    assert ("unknown", True) == (seen["verdict"], seen["isRelapse"])
    assert words in seen["said"]


def test_a_storm_on_a_contained_incident_is_one_look_and_one_page(
    serve: Serve, shop: Shop, pagerduty: PagerDuty
) -> None:
    """A hundred alerts from many sides at once."""
    intake = serve(targets={"shop": shop.target("echo >>looks; sleep 1; test -e up")})
    incident_id = contained(intake)
    with ThreadPoolExecutor(8) as senders:
        ids = set(senders.map(lambda _: failed(intake), range(100)))
    seen = looked(intake, incident_id)
    wait_until(lambda: pagerduty.pages == 2)

    assert {incident_id} == ids
    assert (True, 2) == (seen["isRelapse"], seen["occurrence"])
    assert (1, 2) == (shop.times(), intake.store.incident(incident_id).occurrence)
    events = [event.event for event in intake.store.lease_events("test", limit=500)]
    assert 1 >= events.count("aeef.incident.relapsed")


def test_an_alert_whose_intake_died_before_it_looked_pages(
    serve: Serve, home: Path, pagerduty: PagerDuty
) -> None:
    """The question is as durable as the alert: the next intake answers it."""
    home.mkdir(mode=0o700)
    settings: Settings = settings_for(pagerduty, home=home)
    store = open_store(settings)
    alert = Alert(type=IncidentType.DEPLOYMENT_FAILURE, service="shop")
    first = store.open_or_attach(alert, IncidentType.DEPLOYMENT_FAILURE, Severity.P1).incident
    store.set_status(first.incident_id, Status.MITIGATED, actor="runbook")
    store.open_or_attach(alert, IncidentType.DEPLOYMENT_FAILURE, Severity.P1)
    store.close()
    intake = serve()
    wait_until(lambda: f"{first.incident_id}:occurrence-2" in pagerduty.alerts)

    assert 2 == intake.store.incident(first.incident_id).occurrence


def test_alertmanager_gets_an_alert_of_its_own_and_both_end(serve: Serve, shop: Shop) -> None:
    """Under the same labels it would not notify again before its `repeat_interval`."""
    with Alertmanager() as alertmanager:
        intake = serve(alertmanager)
        incident_id = contained(intake)
        failed(intake)
        wait_until(lambda: len(alertmanager.firing) == 2)
        occurrences = [each["labels"].get("aeef_occurrence") for each in alertmanager.firing]
        intake.store.set_status(incident_id, Status.RESOLVED, actor="ada")
        wait_until(lambda: intake.store.claim_result(incident_id, "page:P1:occurrence-2"))
        resolve_page(incident_id, intake.settings, holder="ada")

        assert {None, "2"} == set(occurrences)
        said = [e for e in intake.actions(incident_id) if "on-call by Alertmanager" in e]
        assert 2 == len([each for each in said if each.startswith("paged on-call")])
        assert [] == alertmanager.firing
        assert [] == alertmanager.violations


def test_a_service_that_is_isolated_on_purpose_is_no_second_outage(
    serve: Serve, pagerduty: PagerDuty
) -> None:
    """It cannot be healthy; the record says so, and that its health was not looked at."""
    intake = serve()
    incident_id = contained(intake)
    begin_isolation("shop", incident_id, intake.settings.home)
    failed(intake)
    seen = looked(intake, incident_id)

    assert ("contained", False) == (seen["verdict"], seen["isRelapse"])
    assert "on record as isolated" in seen["said"]
    assert 1 == pagerduty.pages


def test_a_breach_that_is_not_contained_any_more_pages_again(
    serve: Serve, shop: Shop, pagerduty: PagerDuty
) -> None:
    """A healthy service may leak: no health check is asked."""
    shop.start()
    intake = serve()
    incident_id = intake.report(type="data-breach", service="shop")
    intake.store.set_status(incident_id, Status.MITIGATED, actor="runbook")
    wait_until(lambda: pagerduty.pages)
    intake.report(type="data-breach", service="shop")
    seen = looked(intake, incident_id)

    assert ("unknown", True, 0) == (seen["verdict"], seen["isRelapse"], shop.times())
    wait_until(lambda: f"{incident_id}:occurrence-2" in pagerduty.alerts)


def test_what_was_resolved_lately_relapses_too(serve: Serve, pagerduty: PagerDuty) -> None:
    """And what it was resolved with does not end the second page."""
    intake = serve()
    incident_id = contained(intake, Status.RESOLVED)
    assert incident_id == failed(intake)
    wait_until(lambda: f"{incident_id}:occurrence-2" in pagerduty.alerts)

    assert None is intake.store.incident(incident_id).resolved_at
