"""A storm at the door: few pages, everything on record, and nobody else waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fixtures.intake import Intake, StartIntake
from schemas.model import utc_now
from standins.pagerduty import PagerDuty
from support import wait_until

HTML = {"Accept": "text/html"}
ENDS = {"P1": {"resolved_by_sender": "always"}}
"""Else a sender's word only proposes the end of a P1, and there is nothing to come back."""


def alert(number: int = 0, status: str = "firing", **labels: str) -> dict[str, Any]:
    """An alert as Alertmanager sends it; each number has a name, a fingerprint and a beginning."""
    began = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    known = {
        "alertname": f"Failed{number}",
        "aeef_type": "deployment-failure",
        "severity": "P1",
        "service": "shop",
    }
    return {
        "status": status,
        "labels": {**known, **labels},
        "annotations": {"summary": f"check {number} fails"},
        "startsAt": (began - timedelta(seconds=number)).isoformat(),
        "fingerprint": f"{number:016x}",
    }


def webhook(*alerts: dict[str, Any]) -> dict[str, Any]:
    """A notification."""
    return {"version": "4", "groupKey": "{}", "alerts": list(alerts)}


def rings(pagerduty: PagerDuty) -> list[str]:
    """The summaries of every alert that called somebody, in order."""
    return [each.events[0]["payload"]["summary"] for each in pagerduty.alerts.values()]


def test_600_alerts_of_one_sender_are_one_incident_and_one_page(
    intake: Intake, pagerduty: PagerDuty
) -> None:
    """And the real P1 of another service among them has its own."""
    for first in range(0, 600, 50):
        intake.webhook(webhook(*(alert(number) for number in range(first, first + 50))))
        if first == 300:
            intake.webhook(webhook(alert(1000, service="till")))
    wait_until(lambda: pagerduty.pages == 2)
    storm, real = sorted(intake.incidents(), key=lambda each: each.service)

    assert ("shop", "till") == (storm.service, real.service)
    assert 600 == len(intake.store.alerts(storm.incident_id))
    assert "100 different alerts belong to this incident so far; the newest: check 99 fails" in (
        intake.actions(str(storm.incident_id))
    )
    page = intake.ask("GET", f"/incidents/{storm.incident_id}", headers=HTML).text
    assert "<h2>Alerts</h2>" in page
    assert "check 599 fails" in page
    starts = [
        event.incident_id
        for event in intake.store.lease_events("test")
        if event.event == "aeef.incident.detected"
    ]
    assert {storm.incident_id, real.incident_id} == set(starts)
    assert 2 == len(starts)


def test_fifteen_flaps_are_one_incident_and_two_pages(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """The first, and one that says that it flaps; which rings until it is taken or quiet."""
    intake = start_intake(pagerduty, routes=ENDS)
    drift = {"aeef_type": "drift", "alertname": "Drifts"}
    for number in range(15):
        began = {"startsAt": (utc_now() - timedelta(seconds=60 - number)).isoformat()}
        firing = {**alert(0, "firing", **drift), **began}
        intake.webhook(webhook(firing))
        wait_until(lambda: pagerduty.pages >= 1)
        intake.webhook(webhook({**firing, "status": "resolved"}))
    wait_until(lambda: pagerduty.pages == 2)
    (incident,) = intake.incidents()
    flapping = pagerduty.alerts[f"{incident.incident_id}:flapping"]

    assert "flapping: it came back" in flapping.payload["summary"]
    assert "triggered" == flapping.state
    assert 1 == incident.occurrence
    assert 15 == sum(line.times for line in intake.store.alerts(incident.incident_id))


def test_what_stays_after_a_flap_is_paged_for(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Under the key of a new occurrence."""
    intake = start_intake(pagerduty, grouping={"stays": 0.2}, routes=ENDS)
    drift = {"aeef_type": "drift"}
    (opened,) = intake.webhook(webhook(alert(0, "firing", **drift)))["incidents"]
    intake.webhook(webhook(alert(0, "resolved", **drift)))
    intake.webhook(webhook(alert(1, "firing", **drift)))
    second = f"{opened['incidentId']}:occurrence-2"
    wait_until(lambda: second in pagerduty.alerts)

    assert "and has stayed since" in pagerduty.alerts[second].payload["summary"]


def test_a_flapping_incident_that_is_quiet_ends_with_its_pages(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Nothing rings on for what has not been there for long."""
    intake = start_intake(
        pagerduty, grouping={"flapping_after": 1, "flap_window": 0.5}, routes=ENDS
    )
    drift = {"aeef_type": "drift"}
    (opened,) = intake.webhook(webhook(alert(0, "firing", **drift)))["incidents"]
    intake.webhook(webhook(alert(0, "resolved", **drift)))
    intake.webhook(webhook(alert(1, "firing", **drift)))
    key = f"{opened['incidentId']}:flapping"
    wait_until(lambda: key in pagerduty.alerts)
    intake.webhook(webhook(alert(1, "resolved", **drift)))
    wait_until(lambda: pagerduty.alerts[key].state == "resolved")

    assert "resolved" == intake.store.incident(opened["incidentId"]).status


def digest_of(pagerduty: PagerDuty) -> dict[str, str]:
    """The digests that rang: the newest summary of each, by its key."""
    return {
        key: each.payload["summary"] for key, each in pagerduty.alerts.items() if ":digest" in key
    }


@pytest.fixture
def limited(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake that pages three times by itself, and collects what comes then."""
    return start_intake(pagerduty, paging={"digest": {"above": 3, "within": 3600}})


def test_many_incidents_at_once_are_told_in_one_page(limited: Intake, pagerduty: PagerDuty) -> None:
    """Three by themselves, the next carries the rest; each has on record who tells of it."""
    ids = [limited.report(severity="P2", service=f"s-{number}") for number in range(20)]
    wait_until(lambda: all(limited.store.claim_result(each, "page:P2") for each in ids))
    wait_until(lambda: digest_of(pagerduty))
    (summary,) = digest_of(pagerduty).values()

    assert "incidents in " in summary
    assert "worst: P2 security s-" in summary
    assert 5 == pagerduty.pages
    collected = [each for each in ids if each not in pagerduty.alerts]
    assert 16 == len(collected)
    wait_until(
        lambda: all(
            any("collected in the digest of P2 security" in text for text in limited.actions(each))
            for each in collected
        )
    )


def test_the_first_p1_of_a_service_always_has_a_page_of_its_own(
    limited: Intake, pagerduty: PagerDuty
) -> None:
    """However many pages there were; a second incident of that service is collected."""
    for number in range(6):
        limited.report(severity="P2", service=f"s-{number}")
    first = limited.report(severity="P1", service="till")
    wait_until(lambda: first in pagerduty.alerts)
    second = limited.report(severity="P1", service="till", type="drift")
    wait_until(lambda: limited.store.claim_result(second, "page:P1"))

    assert second not in pagerduty.alerts


def test_a_digest_that_becomes_worse_rings_again(limited: Intake, pagerduty: PagerDuty) -> None:
    """And what it says is what is open then."""
    for number in range(6):
        limited.report(severity="P2", service=f"s-{number}")
    wait_until(lambda: digest_of(pagerduty))
    limited.report(severity="P1", service="till")
    worse = limited.report(severity="P1", service="till", type="drift")
    wait_until(lambda: len(digest_of(pagerduty)) == 2)
    summary = next(text for key, text in digest_of(pagerduty).items() if key.endswith("P1"))

    assert worse not in pagerduty.alerts
    assert "worst: P1 drift till" in summary


def test_a_digest_is_updated_without_ringing_anew(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Under the key that it rang with."""
    intake = start_intake(pagerduty, paging={"digest": {"above": 1, "within": 1}})
    for number in range(3):
        intake.report(severity="P2", service=f"s-{number}")
    wait_until(lambda: digest_of(pagerduty))
    pages = pagerduty.pages
    for number in range(3, 6):
        intake.report(severity="P2", service=f"s-{number}")
    wait_until(lambda: any("5 incidents" in text for text in digest_of(pagerduty).values()))

    assert pages == pagerduty.pages
