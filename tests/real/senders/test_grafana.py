"""Grafana's webhook at `/v1/alertmanager`: its version 1, known by fingerprint and startsAt."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.intake import Intake, StartIntake

BEGAN = "2026-11-27T06:00:00+01:00"


def alert(name: str = "HighLatency", status: str = "firing", **changes: Any) -> dict[str, Any]:
    """One alert as Grafana writes it."""
    return {
        "status": status,
        "labels": {"alertname": name, "service": "shop", "severity": "warning", "team": "web"},
        "annotations": {"summary": f"{name} is high", "__dashboardUid__": None},
        "startsAt": BEGAN,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://grafana.example/alerting/grafana/a1/view?orgId=1",
        "fingerprint": f"f-{name}",
        "silenceURL": "https://grafana.example/alerting/silence/new",
        "dashboardURL": "",
        "panelURL": "",
        "values": {"A": 1.5, "B": None},
        "valueString": "[ var='A' labels={} value=1.5 ]",
        **changes,
    }


def webhook(*alerts: dict[str, Any], clock: str = "1", **changes: Any) -> dict[str, Any]:
    """A webhook as Grafana sends it: its group's key has the time in it."""
    return {
        "receiver": "aeef",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://grafana.example/",
        "version": "1",
        "groupKey": f'webhook-{clock}-{{alertname="HighLatency"}}-1795000{clock}',
        "truncatedAlerts": 0,
        "orgId": 1,
        "title": "[FIRING:1] HighLatency",
        "state": "alerting",
        "message": "**Firing**",
        **changes,
    }


def test_it_opens_repeats_and_ends_as_with_alertmanager(intake: Intake) -> None:
    """Whatever clock its group's key has."""
    (first,) = intake.webhook(webhook(alert(), clock="1"))["incidents"]
    intake.store.acknowledge(first["incidentId"], actor="ada")
    (again,) = intake.webhook(webhook(alert(values=None), clock="2"))["incidents"]
    over = intake.webhook(webhook(alert(status="resolved"), clock="3"))
    incident = intake.store.incident(first["incidentId"])

    assert (True, False) == (first["new"], again["new"])
    assert [first["incidentId"]] == over["resolved"]
    assert ("P3", ["shop"], "HighLatency is high") == (
        incident.severity,
        incident.affected_services,
        incident.description,
    )


def test_people_see_what_was_measured_and_where_to_look(intake: Intake) -> None:
    """Grafana's own addresses, in the details of the alert."""
    (opened,) = intake.webhook(webhook(alert()))["incidents"]
    kept = intake.store.alert(opened["incidentId"])

    assert "grafana" == kept.source
    assert "https://grafana.example/alerting/silence/new" == kept.details["silenceURL"]
    assert "value=1.5" in str(kept.details["values"])


@pytest.mark.parametrize(
    "changes", [{"fingerprint": ""}, {"annotations": None}, {"annotations": {}}, {"imageURL": None}]
)
def test_what_it_leaves_out_does_not_lose_the_alert(
    intake: Intake, changes: dict[str, Any]
) -> None:
    """Without a fingerprint its labels are what it is known by."""
    other = {"labels": {"alertname": "Other", "service": "till"}, "fingerprint": "f-Other"}
    two = [alert(**changes), alert(**other | changes)]
    first = intake.webhook(webhook(*two))["incidents"]
    again = intake.webhook(webhook(*two, clock="2"))["incidents"]

    assert [True, True, False, False] == [each["new"] for each in (*first, *again)]


def test_another_version_is_refused_by_name(empty_intake: Intake) -> None:
    """As one that nobody has seen yet."""
    answer = empty_intake.ask("POST", "/v1/alertmanager", json=webhook(alert(), version="9"))

    assert 422 == answer.status_code
    assert "version: Input should be '4' or '1'" in answer.json()["detail"]


def test_a_storm_of_it_is_one_incident_which_flaps_once(start_intake: StartIntake) -> None:
    """Twenty alerts of one service, each sent three times; what comes back is not a new one."""
    intake = start_intake(grouping={"flap_window": 900})
    many = [alert(f"Alert{number}") for number in range(20)]
    for clock in "123":
        intake.webhook(webhook(*many, clock=clock))
    for each in many:
        intake.webhook(webhook({**each, "status": "resolved"}))
    came_back = intake.webhook(
        webhook(alert("Alert1", startsAt="2026-11-27T06:30:00+01:00"), clock="9")
    )

    assert 1 == len(intake.incidents())
    assert [False] == [each["new"] for each in came_back["incidents"]]


def test_watchdog_is_never_an_incident(intake: Intake) -> None:
    """Alertmanager's alert that always fires only says that it works."""
    labels = {"alertname": "Watchdog", "severity": "none"}
    fires = {**webhook(alert(labels=labels), alert()), "version": "4", "groupKey": "{}"}

    assert 1 == len(intake.webhook(fires)["incidents"])
    assert 1 == len(intake.incidents())
