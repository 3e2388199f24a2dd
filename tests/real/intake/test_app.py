"""Alerts at the intake: authenticated, all or none accepted, stored before they are confirmed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployments.intake import app as intake_module
from fixtures.intake import TOKEN, Intake, StartIntake
from schemas.errors import ConfigurationError, TemporaryError
from schemas.settings import Settings
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.store.database.database import Database

ALERT = {"type": "security", "severity": "P4", "service": "shop", "description": "CVE"}
NESTED = b"[" * 500 + b"]" * 500
PROTECTED = [
    ("POST", "/v1/alerts"),
    ("POST", "/v1/alertmanager"),
    ("GET", "/incidents"),
    ("GET", "/incidents/1234"),
    ("GET", "/incidents/1234/run"),
    ("GET", "/incidents/1234/runbook"),
]


def basic(user: str, password: str) -> str:
    """A header of basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


STRANGERS = [
    None,
    "",
    "Bearer",
    "Bearer wrong",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN}x",
    f"Token {TOKEN}",
    TOKEN,
    "Basic ???",
    "Basic \xe4",
    basic("aeef", "wrong"),
    basic("root", TOKEN),
    basic("aeef", ""),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_without_the_token_nobody_comes_in(empty_intake: Intake, method: str, path: str) -> None:
    """401 that says how, nothing stored, and the token is not given away."""
    says = "Basic " if method == "POST" else "Bearer "
    for header in STRANGERS:
        headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
        answer = empty_intake.client.request(method, path, headers=headers, json=ALERT)

        assert 401 == answer.status_code, header
        assert answer.headers["WWW-Authenticate"].startswith(says)
        assert TOKEN not in answer.text


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic("aeef", TOKEN)])
def test_the_token_is_taken_as_bearer_or_as_password(intake: Intake, header: str) -> None:
    """Browsers and Alertmanager use one scheme, programs the other."""
    answer = intake.client.post("/v1/alerts", headers={"Authorization": header}, json=ALERT)

    assert 202 == answer.status_code


def test_an_intake_without_a_token_does_not_start(home: Any) -> None:
    """It fails closed, and says what to set."""
    with pytest.raises(ConfigurationError, match="AEEF_INTAKE__TOKEN"):
        intake_module.create_app(Settings.model_validate({"home": home}))


@pytest.mark.proves("SPEC-TRIAGE-record")
def test_202_means_that_it_is_durable(intake: Intake) -> None:
    """The answer names an incident that is in the store, with the data that was sent."""
    answer = intake.ask("POST", "/v1/alerts", json=ALERT)
    (incident,) = intake.incidents()

    assert {
        "incidentId": str(incident.incident_id),
        "number": 1,
        "type": "security",
        "severity": "P4",
        "status": "open",
        "occurrence": 1,
        "severityRaised": False,
        "url": f"{intake.settings.base_url}/incidents/{incident.incident_id}",
        "new": True,
    } == answer.json()
    assert ("CVE", ["shop"]) == (incident.description, incident.affected_services)


def test_the_same_alert_twenty_times_is_one_incident(intake: Intake) -> None:
    """Repetitions attach to it."""
    answers = [intake.ask("POST", "/v1/alerts", json=ALERT).json() for _ in range(20)]

    assert 1 == len(intake.incidents()) == len({each["incidentId"] for each in answers})
    assert [True] + 19 * [False] == [each["new"] for each in answers]


def test_a_list_is_taken_whole(intake: Intake) -> None:
    """Its answers are in the same order; a duplicate in it is one incident."""
    alerts = [ALERT, {**ALERT, "service": "till"}, ALERT]
    answer = intake.ask("POST", "/v1/alerts", json=alerts).json()["incidents"]

    assert [True, True, False] == [each["new"] for each in answer]
    assert answer[0]["incidentId"] == answer[2]["incidentId"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "body: not JSON"),
        (b"{", "body: not JSON"),
        (b"\xff\xfe\xfa", "body: not JSON"),
        (b'{"description": NaN}', "NaN is not JSON"),
        (b'{"description": "x", "details": {"a": -Infinity}}', "-Infinity is not JSON"),
        (b"[" * 100_000, "body: not JSON"),
        (
            b'{"description":"x","details":{"a":' + b"[" * 500 + b"]" * 500 + b"}}",
            "nested too deeply",
        ),
        (b"1" * 5_000, "body: not JSON"),
        (b"null", "alert: "),
        (b'"fire"', "alert: "),
        (b"[]", "a list of 1 to 1000 alerts"),
        (b"[" + b",".join([b'{"type":"drift"}'] * 1001) + b"]", "a list of 1 to 1000 alerts"),
        (b'{"severity": "P1"}', "'description' or 'type'"),
        (b'{"type": "drift", "severity": "P9"}', "severity: "),
        (b'{"type": "drift", "labels": {"\\ud800": 1}}', "labels."),
        (b'[{"type": "drift"}, {"type": "boredom"}, {}]', "[1] not a valid alert: type: "),
        (b'[{"type": "drift"}, [{"type": "drift"}]]', "[1] not a valid alert: alert: "),
    ],
)
def test_what_cannot_be_read_is_refused_whole_and_names_the_field(
    empty_intake: Intake, body: bytes, named: str
) -> None:
    """422, and nothing is stored, not even the good elements of a list."""
    answer = empty_intake.ask("POST", "/v1/alerts", content=body)

    assert 422 == answer.status_code
    assert named in answer.json()["detail"]


def test_characters_that_no_database_keeps_do_no_harm(intake: Intake) -> None:
    """NUL and half a surrogate pair are replaced; the incident is there."""
    body = b'{"type":"drift","severity":"P4","description":"a\\u0000b\\ud800","service":"s\\u0000"}'
    answer = intake.ask("POST", "/v1/alerts", content=body)
    record = intake.ask("GET", f"/incidents/{answer.json()['incidentId']}").json()

    assert ("a\ufffdb\ufffd", ["s\ufffd"]) == (record["description"], record["affectedServices"])


def test_numbers_too_large_for_json_readers_do_no_harm(intake: Intake) -> None:
    """1e999 is a number only for Python."""
    answer = intake.ask(
        "POST", "/v1/alerts", content=b'{"type":"drift","severity":"P4","details":{"a":1e999}}'
    )

    assert 202 == answer.status_code
    assert "inf" == intake.store.alert(answer.json()["incidentId"]).details["a"]


def test_a_body_that_is_too_large_is_refused(empty_intake: Intake) -> None:
    """413, by what the header says, and when no header says it by what arrives."""
    large = json.dumps({**ALERT, "details": {"log": "x" * 1_000_000}}).encode()

    def chunks() -> Iterator[bytes]:
        yield from (large[start : start + 50_000] for start in range(0, len(large), 50_000))

    answers = [
        empty_intake.ask("POST", "/v1/alerts", content=large),
        empty_intake.ask("POST", "/v1/alerts", content=chunks()),
        empty_intake.ask("POST", "/v1/alertmanager", content=chunks()),
    ]

    assert [413, 413, 413] == [answer.status_code for answer in answers]


def test_the_limit_can_be_set(start_intake: StartIntake) -> None:
    """A large Alertmanager group needs a larger one."""
    intake = start_intake(intake={"max_body_bytes": 100})

    assert 202 == intake.ask("POST", "/v1/alerts", json=ALERT).status_code
    assert 413 == intake.ask("POST", "/v1/alerts", json={**ALERT, "source": "s" * 50}).status_code


def test_a_store_that_is_down_asks_the_sender_to_come_again(
    intake: Intake, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, and the page leaves all the same; once it is back, it rings no more."""

    def away(*_: Any, **__: Any) -> None:
        raise TemporaryError("incident store", "does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "write", away)
        refused = intake.ask("POST", "/v1/alerts", json={**ALERT, "severity": "P1"})
        wait_until(lambda: intake.client.get("/health").status_code == 503)
        health = intake.client.get("/health")

    assert (503, "5") == (refused.status_code, refused.headers["Retry-After"])
    assert "incident store: does not answer" in refused.json()["detail"]
    assert "incident store: does not answer" in health.json()["problems"]
    wait_until(lambda: pagerduty.pages)
    again = intake.ask("POST", "/v1/alerts", json={**ALERT, "severity": "P1"}).json()
    wait_until(lambda: intake.store.claim_result(again["incidentId"], "page:P1"))
    assert [again["incidentId"]] == list(pagerduty.alerts)
