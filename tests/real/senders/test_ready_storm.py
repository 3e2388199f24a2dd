"""Ready mappings in a storm: dedup, resolve and flapping as with Alertmanager."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.intake import SENDER_DECIDES, Intake, StartIntake
from support import TESTS

SAMPLES = TESTS / "samples" / "hooks"
SECRET = "a-secret-of-its-own-0123456789"


@pytest.fixture
def intake(start_intake: StartIntake) -> Intake:
    """An intake that takes Azure's alerts."""
    return start_intake(
        hooks={"azure": {"kind": "azure-monitor", "secret": SECRET}}, routes=SENDER_DECIDES
    )


def azure(number: int, case: str) -> dict[str, Any]:
    """The vendor's body, of one of many rules for one machine."""
    body: dict[str, Any] = json.loads((SAMPLES / f"azure-monitor.{case}.json").read_text())
    body["data"]["essentials"] |= {"originAlertId": f"o-{number}", "alertRule": f"rule-{number}"}
    return body


def post(intake: Intake, number: int, case: str) -> dict[str, Any]:
    """Send it; the answer."""
    answer = intake.client.post(f"/v1/hooks/azure?token={SECRET}", json=azure(number, case))
    assert 202 == answer.status_code, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def test_a_storm_of_azure_is_one_incident_that_ends_with_its_last_alert(intake: Intake) -> None:
    """Twenty rules of one machine, each sent three times."""
    for _ in range(3):
        for number in range(20):
            post(intake, number, "firing")
    ended = [post(intake, number, "resolved")["resolved"] for number in range(20)]
    (incident,) = intake.incidents()

    assert 19 * [[]] + [[str(incident.incident_id)]] == ended
    assert 20 == len(intake.store.alerts(incident.incident_id))


def test_what_comes_and_goes_flaps_and_is_no_new_incident(intake: Intake) -> None:
    """As with Alertmanager."""
    for _ in range(5):
        post(intake, 1, "firing")
        post(intake, 1, "resolved")
    post(intake, 1, "firing")

    assert 1 == len(intake.incidents())
    assert intake.store.flapping()


def test_azure_without_the_common_schema_is_refused_and_says_what_is_missing(
    intake: Intake,
) -> None:
    """Not ignored: an alert of that kind would be lost in silence."""
    body = {"schemaId": "Microsoft.Insights/activityLogs", "data": {"status": "Activated"}}
    answer = intake.client.post(f"/v1/hooks/azure?token={SECRET}", json=body)

    assert 422 == answer.status_code
    assert "hooks.azure." in answer.json()["detail"]
