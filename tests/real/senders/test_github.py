"""GitHub's webhooks at the intake: signed, redelivered, fixed and reopened. No Prefect here."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fixtures.intake import SENDER_DECIDES, Intake, StartIntake
from samples.github_webhooks import (
    LEAKED,
    SAMPLES,
    SECRET,
    code_scanning,
    dependabot,
    failed,
    secret_scanning,
    signed,
    workflow_run,
)
from schemas.findings import findings_of
from schemas.incident import Status
from standins.pagerduty import PagerDuty
from support import wait_until

QUIET: dict[str, Any] = {"alert__rule__severity": "note"}


@pytest.fixture
def github(start_intake: StartIntake) -> Intake:
    """An intake that knows GitHub's secret, the old one and the new one."""
    return start_intake(
        github={
            "webhook_secret": f"{SECRET}, the-new-one",
            "repositories": {"Codertocat/Hello-World": "shop"},
        }
    )


def send(
    intake: Intake, event: str, data: Any, delivery: str | None = None, **headers: str
) -> httpx.Response:
    """Send a webhook as GitHub does; without the intake's token."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    given = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": signed(body),
        **({"X-GitHub-Delivery": delivery} if delivery else {}),
    }
    return intake.client.post("/v1/github", content=body, headers=given | headers)


def taken(intake: Intake, event: str, data: Any, delivery: str) -> dict[str, Any]:
    """Send one that is taken; the answer."""
    answer = send(intake, event, data, delivery)
    assert 202 == answer.status_code, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_failed_deployment_opens_an_incident(github: Intake) -> None:
    """Of the service that the repository holds; another state of it adds nothing new."""
    opened = taken(github, "deployment_status", failed(), "1")["incidents"][0]
    again = taken(github, "deployment_status", failed(deployment_status__state="error"), "2")[
        "incidents"
    ][0]
    (incident,) = github.incidents()

    assert ("deployment-failure", "P1", True) == (
        opened["type"],
        opened["severity"],
        opened["new"],
    )
    assert ["shop"] == incident.affected_services
    assert (opened["incidentId"], False) == (again["incidentId"], again["new"])


@pytest.mark.parametrize(
    ("event", "data", "severity"),
    [
        ("code_scanning_alert", code_scanning(), "P2"),
        ("dependabot_alert", dependabot(), "P3"),
        ("secret_scanning_alert", secret_scanning(), "P2"),
    ],
)
def test_an_alert_opens_an_incident_with_its_finding(
    github: Intake, event: str, data: Any, severity: str
) -> None:
    """The secret is nowhere."""
    taken(github, event, data, "1")
    (incident,) = github.incidents()
    alert = github.store.alert(incident.incident_id)
    page = github.ask("GET", f"/incidents/{incident.incident_id}", headers={"Accept": "text/html"})

    assert ("security", severity) == (incident.type, incident.severity)
    assert [severity] == [finding.severity for finding in findings_of(alert)]
    for told in (alert.model_dump_json(), incident.model_dump_json(), page.text):
        assert LEAKED not in told


def test_a_redelivery_changes_nothing(github: Intake) -> None:
    """Not even in the timeline."""
    first = taken(github, "code_scanning_alert", code_scanning(**QUIET), "1")["incidents"][0]
    entries = len(github.store.timeline(first["incidentId"]))
    again = taken(github, "code_scanning_alert", code_scanning(**QUIET), "1")["incidents"][0]

    assert (first["incidentId"], False) == (again["incidentId"], again["new"])
    assert entries == len(github.store.timeline(first["incidentId"]))


def test_three_days_of_deliveries_sent_again_open_nothing_twice(start_intake: StartIntake) -> None:
    """One deployment failed and was mended, another is broken; then GitHub sends all that again."""
    intake = start_intake(
        github={"webhook_secret": SECRET, "deployments": ["Deploy"]}, routes=SENDER_DECIDES
    )
    runs: list[dict[str, Any]] = [
        {"workflow_run__conclusion": "failure", "workflow_run__updated_at": "2026-11-24T10:00:00Z"},
        {"workflow_run__conclusion": "cancelled"},
        {"workflow_run__conclusion": "success", "workflow_run__updated_at": "2026-11-25T11:00:00Z"},
        {
            "workflow_run__conclusion": "timed_out",
            "repository": {"id": 7, "full_name": "octo-org/till"},
        },
    ]
    sent = [(str(number), workflow_run(**run)) for number, run in enumerate(runs)]
    for delivery, data in sent:
        assert send(intake, "workflow_run", data, delivery).status_code in (200, 202)
    before = {str(each.incident_id): each.status for each in intake.incidents()}
    assert {Status.OPEN, Status.RESOLVED} == set(before.values())

    for delivery, data in [*sent, *reversed(sent)]:
        assert send(intake, "workflow_run", data, delivery).status_code in (200, 202)

    assert before == {str(each.incident_id): each.status for each in intake.incidents()}
    repeated = [
        entry.action
        for each in before
        for entry in intake.store.timeline(each)
        if "repeated" in entry.action
    ]
    assert [] == repeated


def test_fixed_reopened_and_every_message_twice(github: Intake) -> None:
    """Its end is proposed to people, and no longer when it is reopened; old messages do nothing."""
    event = "code_scanning_alert"
    created = code_scanning(**QUIET)
    fixed = code_scanning(action="fixed", alert__state="fixed", **QUIET)
    reopened = code_scanning(action="reopened", **QUIET)

    first = taken(github, event, created, "1")["incidents"][0]["incidentId"]
    assert [first] == taken(github, event, fixed, "2")["proposed"]
    assert not taken(github, event, created, "1")["incidents"][0]["new"]
    assert github.store.lifecycle.standing(first).proposed_at

    second = taken(github, event, reopened, "3")["incidents"][0]
    assert (first, False) == (second["incidentId"], second["new"])
    assert [] == taken(github, event, fixed, "2")["proposed"]
    assert github.store.lifecycle.standing(first).proposed_at is None

    dismissed = code_scanning(action="closed_by_user", alert__state="dismissed", **QUIET)
    assert [first] == taken(github, event, dismissed, "4")["proposed"]
    for data, delivery in ((created, "1"), (reopened, "3")):
        assert not taken(github, event, data, delivery)["incidents"][0]["new"]
    assert [Status.OPEN] == [incident.status for incident in github.incidents()]


def test_without_a_delivery_id_the_content_is_the_message(github: Intake) -> None:
    """A proxy may drop the header."""
    for _ in range(2):
        send(github, "code_scanning_alert", code_scanning(**QUIET))
    (incident,) = github.incidents()

    assert 1 == len(github.store.timeline(incident.incident_id))


def test_a_worse_message_raises_the_severity(github: Intake) -> None:
    """A leaked secret turns out to work."""
    taken(github, "secret_scanning_alert", secret_scanning(), "1")
    works = secret_scanning(action="validated", alert__validity="active")
    taken(github, "secret_scanning_alert", works, "2")
    (incident,) = github.incidents()

    assert "P1" == incident.severity


def test_a_resolved_alert_silences_no_page(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """A leaked secret is over when a person says so: it rings on."""
    intake = start_intake(pagerduty, github={"webhook_secret": SECRET})
    opened = taken(intake, "secret_scanning_alert", secret_scanning(), "1")["incidents"][0]
    wait_until(lambda: pagerduty.pages)
    over = taken(intake, "secret_scanning_alert", secret_scanning(action="resolved"), "2")

    assert ([], [opened["incidentId"]]) == (over["resolved"], over["proposed"])
    assert "trigger" == pagerduty.alerts[opened["incidentId"]].events[-1]["event_action"]


def test_what_is_ignored_says_why(github: Intake) -> None:
    """200, so that GitHub's list of deliveries stays green; and no incident."""
    success = json.loads((SAMPLES / "deployment_status.payload.json").read_bytes())

    assert (200, {"ok": "webhooks of this repository are taken"}) == answer_of(
        send(github, "ping", {"zen": "Anything added dilutes everything else."})
    )
    assert (200, {"ignored": "the deployment's state is 'success'"}) == answer_of(
        send(github, "deployment_status", success)
    )
    assert (200, {"ignored": "push is not followed"}) == answer_of(send(github, "push", {}))
    assert [] == github.incidents()


def answer_of(answer: httpx.Response) -> tuple[int, Any]:
    """Status and body."""
    return answer.status_code, answer.json()


def test_either_secret_is_believed(github: Intake) -> None:
    """While they are rotated; and nothing else, also not both together."""
    body = json.dumps(code_scanning(**QUIET)).encode()
    statuses = {
        secret: send(
            github, "push", body, **{"X-Hub-Signature-256": signed(body, secret)}
        ).status_code
        for secret in (SECRET, "the-new-one", f"{SECRET}, the-new-one", "", "guessed")
    }

    assert {
        SECRET: 200,
        "the-new-one": 200,
        f"{SECRET}, the-new-one": 401,
        "": 401,
        "guessed": 401,
    } == statuses


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha1=" + "0" * 40,
        "sha256=" + "0" * 64,
        signed(b"{}")[7:],
        signed(b"{}").upper(),
        "sha256=\xff",
    ],
)
def test_a_wrong_signature_is_refused(github: Intake, signature: str) -> None:
    """Before anybody looks into the body: it is no JSON here."""
    headers = {b"X-Hub-Signature-256": signature.encode("latin-1")}
    answer = github.client.post("/v1/github", content=b"{", headers=headers)

    assert 401 == answer.status_code
    assert "signature" in answer.json()["detail"]
    assert SECRET not in answer.text


def test_one_changed_byte_is_refused(github: Intake) -> None:
    """The signature is over the raw body."""
    body = json.dumps(failed()).encode()
    answer = send(github, "deployment_status", body + b" ", **{"X-Hub-Signature-256": signed(body)})

    assert 401 == answer.status_code
    assert [] == github.incidents()


def test_without_a_secret_nothing_is_taken(empty_intake: Intake) -> None:
    """It fails closed, and says what to do; the token does not help."""
    for headers in ({}, {"Authorization": "Bearer intake-token-0123456789abcdef"}):
        answer = send(empty_intake, "deployment_status", failed(), **headers)
        assert 503 == answer.status_code
        assert "AEEF_GITHUB__WEBHOOK_SECRET" in answer.json()["detail"]


def test_what_is_too_large_or_not_json(start_intake: StartIntake) -> None:
    """413 before the signature is computed; 422 that says what is wrong."""
    intake = start_intake(intake={"max_body_bytes": 1000}, github={"webhook_secret": SECRET})
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert 413 == send(intake, "push", b" " * 1001).status_code
    assert 422 == send(intake, "deployment_status", b"{").status_code
    assert 422 == send(intake, "deployment_status", b"[" * 900).status_code
    assert 422 == send(intake, "deployment_status", {"action": "created"}).status_code
    told = send(intake, "deployment_status", b"payload=%7B%7D", **form)
    assert (422, True) == (told.status_code, "application/json" in told.json()["detail"])
    assert [] == intake.incidents()


def test_github_has_its_own_label(github: Intake) -> None:
    """In the metrics."""
    taken(github, "code_scanning_alert", code_scanning(**QUIET), "1")

    assert 'aeef_alerts_accepted_total{source="github"} 1.0' in github.client.get("/metrics").text
