"""Alertmanager's webhook: firing alerts open incidents, resolved ones end them. No Prefect here."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from fixtures.intake import SENDER_DECIDES, Intake, StartIntake
from schemas.incident import Status
from schemas.model import utc_now
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.channels.alertmanager.client import labels_of

ZERO = "0001-01-01T00:00:00Z"


@pytest.fixture
def trusting(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake whose routes let an alert's end be the incident's."""
    return start_intake(pagerduty, routes=SENDER_DECIDES)


def alert(status: str = "firing", **changes: Any) -> dict[str, Any]:
    """An alert as Alertmanager 0.25 sends it, and with a field of a version to come."""
    return {
        "status": status,
        "labels": {"alertname": "DeploymentFailed", "severity": "critical", "service": "shop"},
        "annotations": {"summary": "shop fails", "description": "shop answers 500"},
        "startsAt": "2026-11-24T01:02:03.123456789+02:00",
        "endsAt": ZERO if status == "firing" else "2026-11-24T01:12:03.5Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
        "fingerprint": "0f1e2d3c4b5a6978",
        "silenceURL": "http://am/silences/new",
    } | changes


def webhook(*alerts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A notification of version 4."""
    return {
        "receiver": "aeef",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "DeploymentFailed"},
        "commonLabels": {"severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://am:9093",
        "version": "4",
        "groupKey": '{}:{alertname="DeploymentFailed"}',
        "truncatedAlerts": 0,
        "notYetInvented": True,
    } | changes


def actions(pagerduty: PagerDuty, incident_id: str) -> list[str]:
    """The events that PagerDuty got about an incident, in order."""
    return [
        request.json["event_action"]
        for request in pagerduty.requests
        if request.json["dedup_key"] == incident_id
    ]


def test_a_firing_alert_becomes_an_incident_and_a_page(
    intake: Intake, pagerduty: PagerDuty
) -> None:
    """Type and severity by its labels, the moment at which it began, its words."""
    yesterday = utc_now().replace(microsecond=123456) - timedelta(days=1)
    began = yesterday.astimezone(timezone(timedelta(hours=2))).isoformat()
    began = began.replace(".123456", ".123456789")
    (answer,) = intake.webhook(webhook(alert(startsAt=began)))["incidents"]
    (incident,) = intake.incidents()

    assert ("deployment-failure", "P1", True) == (
        answer["type"],
        answer["severity"],
        answer["new"],
    )
    assert yesterday == incident.detected_at
    assert ("shop answers 500", ["shop"]) == (incident.description, incident.affected_services)
    wait_until(lambda: pagerduty.pages)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (0, "shop answers 500"),
        (None, "shop answers 500"),
        (1, "shop answers 500 (1 more alert of this group left out by the sender: `max_alerts`)"),
        (7, "shop answers 500 (7 more alerts of this group left out by the sender: `max_alerts`)"),
    ],
)
def test_alerts_that_were_left_out_are_said_in_the_page(
    intake: Intake, pagerduty: PagerDuty, more: int | None, words: str
) -> None:
    """A receiver with `max_alerts` sends the first ones of a group, and how many it kept back."""
    intake.webhook(webhook(alert(), truncatedAlerts=more))
    (incident,) = intake.incidents()
    wait_until(lambda: pagerduty.pages)
    (page,) = pagerduty.alerts.values()

    assert words == incident.description
    assert words in page.payload["summary"]


@pytest.mark.parametrize(
    ("labels", "annotations", "service", "description"),
    [
        ({"app": "till"}, {"message": "m"}, ["till"], "m"),
        ({"job": "node", "aeef_service": "till"}, {"summary": "s"}, ["till"], "s"),
        ({"service": " ", "alertname": "Up"}, {}, [], "Up"),
        ({}, {"description": " "}, [], "an alert"),
        ({"service": "s" * 300}, {"summary": "d" * 30_000}, ["s" * 200], "d" * 20_000),
    ],
)
def test_service_and_description_are_found_or_done_without(
    intake: Intake,
    labels: dict[str, str],
    annotations: dict[str, str],
    service: list[str],
    description: str,
) -> None:
    """By the usual labels and annotations; an alert is never refused for what it lacks."""
    quiet = {"severity": "info", **labels}
    intake.webhook(webhook(alert(labels=quiet, annotations=annotations)))
    (incident,) = intake.incidents()

    assert (service, description) == (incident.affected_services, incident.description)


def test_a_repeated_notification_changes_nothing(intake: Intake, pagerduty: PagerDuty) -> None:
    """Alertmanager sends it again at every group interval: twenty times, one incident, one page."""
    answers = [intake.webhook(webhook(alert()))["incidents"][0] for _ in range(20)]
    incident_id = answers[0]["incidentId"]
    wait_until(lambda: pagerduty.pages)

    assert {incident_id} == {answer["incidentId"] for answer in answers}
    assert 1 == len(intake.incidents())
    assert ["trigger"] == actions(pagerduty, incident_id)


@pytest.mark.parametrize(("by", "incidents"), [("off", 4), (["type", "target"], 1)])
def test_each_occurrence_is_listed_or_an_incident_of_its_own(
    start_intake: StartIntake, by: Any, incidents: int
) -> None:
    """Another group, fingerprint or beginning is another occurrence; the rest is not looked at."""
    intake = start_intake(grouping={"by": by})
    quiet: dict[str, Any] = {"labels": {"severity": "info"}}
    for changed in (
        {},
        {"fingerprint": "1111111111111111"},
        {"startsAt": "2026-11-24T01:02:04Z"},
        {"endsAt": "2030-01-01T00:00:00Z", "annotations": {}},
    ):
        intake.webhook(webhook(alert(**quiet | changed)))
    intake.webhook(webhook(alert(**quiet), groupKey="other"))

    assert incidents == len(intake.incidents())
    lists = [intake.store.alerts(each.incident_id) for each in intake.incidents()]
    assert 5 == sum(line.times for lines in lists for line in lines)


def test_a_resolved_alert_resolves_its_incident_and_its_page_once(
    trusting: Intake, pagerduty: PagerDuty
) -> None:
    """However often Alertmanager says so, and although Prefect is away."""
    incident_id = trusting.webhook(webhook(alert()))["incidents"][0]["incidentId"]
    # On record, not only at PagerDuty: the next event comes after it.
    wait_until(lambda: "paged on-call by PagerDuty" in trusting.actions(incident_id))
    over = [trusting.webhook(webhook(alert("resolved")))["resolved"] for _ in range(5)]
    wait_until(lambda: trusting.store.claim_result(incident_id, "page:resolved") is not None)

    assert [[incident_id], [], [], [], []] == over
    assert ["trigger", "resolve"] == actions(pagerduty, incident_id)
    assert "resolved" == pagerduty.alerts[incident_id].state
    assert [
        "status: open → resolved (the alert is over)",
        "resolved the page in PagerDuty",
    ] == trusting.actions(incident_id)[-2:]


def test_the_end_of_an_alert_is_proposed_where_people_decide(
    intake: Intake, pagerduty: PagerDuty
) -> None:
    """A P1 stays open and rings; when the alert comes back, it is not proposed any longer."""
    incident_id = intake.webhook(webhook(alert()))["incidents"][0]["incidentId"]
    wait_until(lambda: pagerduty.pages)
    over = [intake.webhook(webhook(alert("resolved"))) for _ in range(2)]
    standing = intake.store.lifecycle.standing(incident_id)
    back = alert(startsAt="2026-11-24T02:02:03Z", fingerprint="1e1e1e1e1e1e1e1e")
    again = intake.webhook(webhook(back))["incidents"][0]

    assert [([], [incident_id]), ([], [])] == [(o["resolved"], o["proposed"]) for o in over]
    assert ("alertmanager", "a P1 is over when a person says so") == (
        standing.proposed_by,
        standing.proposed_why,
    )
    assert "trigger" == pagerduty.alerts[incident_id].events[-1]["event_action"]
    assert (incident_id, "open") == (again["incidentId"], again["status"])
    assert intake.store.lifecycle.standing(incident_id).proposed_at is None


def test_an_alert_repeated_after_its_end_does_not_come_back(
    trusting: Intake, pagerduty: PagerDuty
) -> None:
    """A late notification of the same occurrence opens nothing and pages nobody."""
    incident_id = trusting.webhook(webhook(alert()))["incidents"][0]["incidentId"]
    wait_until(lambda: pagerduty.pages)
    trusting.webhook(webhook(alert("resolved")))
    wait_until(lambda: trusting.store.claim_result(incident_id, "page:resolved") is not None)
    again = trusting.webhook(webhook(alert()))["incidents"][0]

    assert (incident_id, False, Status.RESOLVED) == (
        again["incidentId"],
        again["new"],
        again["status"],
    )
    assert 1 == pagerduty.pages


def test_an_alert_that_ends_while_its_page_leaves_is_silenced_afterwards(
    trusting: Intake, pagerduty: PagerDuty
) -> None:
    """PagerDuty is slow to take the page; resolving waits for it, and for nobody else."""
    pagerduty.stall(times=1)
    incident_id = trusting.webhook(webhook(alert()))["incidents"][0]["incidentId"]
    wait_until(lambda: pagerduty.requests)
    assert [incident_id] == trusting.webhook(webhook(alert("resolved")))["resolved"]
    pagerduty.release()
    wait_until(lambda: trusting.store.claim_result(incident_id, "page:resolved") is not None)

    assert ["trigger", "trigger", "resolve"] == actions(pagerduty, incident_id)
    assert "resolved" == pagerduty.alerts[incident_id].state


def test_a_page_that_pagerduty_does_not_resolve_is_resolved_later(
    trusting: Intake, pagerduty: PagerDuty
) -> None:
    """Until it takes the message; nothing rings on because it stumbled once."""
    incident_id = trusting.webhook(webhook(alert()))["incidents"][0]["incidentId"]
    wait_until(lambda: pagerduty.pages)
    pagerduty.fail_with(500, times=5)
    trusting.webhook(webhook(alert("resolved")))
    wait_until(lambda: pagerduty.alerts[incident_id].state == "resolved")
    wait_until(lambda: trusting.store.claim_result(incident_id, "page:resolved") is not None)


def test_the_end_of_an_alert_that_we_never_saw_is_no_news(empty_intake: Intake) -> None:
    """It opens nothing and resolves nothing."""
    nothing: dict[str, Any] = {"incidents": [], "resolved": [], "proposed": []}
    assert nothing == empty_intake.webhook(webhook(alert("resolved")))


def test_one_notification_may_bring_both(trusting: Intake) -> None:
    """A group with firing and resolved alerts."""
    quiet: dict[str, Any] = {"labels": {"severity": "info"}}
    first = trusting.webhook(webhook(alert(**quiet)))["incidents"][0]["incidentId"]
    other = alert(labels={**quiet["labels"], "service": "till"}, fingerprint="2222222222222222")
    answer = trusting.webhook(webhook(other, alert("resolved", **quiet)))

    assert [first] == answer["resolved"]
    assert [True] == [each["new"] for each in answer["incidents"]]


def test_our_own_alerts_that_come_back_are_dropped(intake: Intake) -> None:
    """Otherwise each incident would make another, for ever."""
    incident_id = intake.report(severity="P4")
    ours = alert(labels=labels_of(intake.store.incident(incident_id)))

    nothing: dict[str, Any] = {"incidents": [], "resolved": [], "proposed": []}
    assert nothing == intake.webhook(webhook(ours))
    assert 1 == len(intake.incidents())


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([], "body: "),
        ({}, "version: "),
        (webhook(alert(), version="3"), "version: "),
        (webhook(alert(status="burning")), "alerts.0.status: "),
        (webhook(alert(), alert(startsAt="yesterday")), "alerts.1.startsAt: "),
        (webhook(alert(labels={"a": 1})), "alerts.0.labels.a: "),
        (webhook(alert(), groupKey=None), "groupKey: "),
    ],
)
def test_another_format_is_refused_with_the_field(
    empty_intake: Intake, body: Any, named: str
) -> None:
    """422 and nothing stored: another version of the webhook is not guessed at."""
    answer = empty_intake.ask("POST", "/v1/alertmanager", json=body)

    assert 422 == answer.status_code
    assert named in answer.json()["detail"]
