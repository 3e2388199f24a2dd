"""`/v1/hooks/NAME`: any JSON by a mapping, proven by a secret of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from fixtures.intake import SENDER_DECIDES, TOKEN, Intake, StartIntake

SECRET = "a-secret-of-its-own-0123456789"
NEXT = "the-next-secret-9876543210"
HOOK = {
    "secret": f"{SECRET}, {NEXT}",
    "identity": "id",
    "state": "state",
    "firing": ["down"],
    "resolved": ["up"],
    "description": "text",
    "service": "service",
    "severity": "level",
    "delivery": "delivery",
}
BODY = {"id": 1, "state": "down", "text": "the till is down", "service": "till", "level": "high"}


def bearer(secret: str) -> dict[str, str]:
    """A header."""
    return {"Authorization": f"Bearer {secret}"}


def basic(secret: str) -> dict[str, str]:
    """A header."""
    return {"Authorization": "Basic " + base64.b64encode(f"any:{secret}".encode()).decode()}


def signed(secret: str, content: bytes, header: str = "X-Sig") -> dict[str, str]:
    """A header."""
    return {header: "v0=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}


@pytest.fixture
def intake(start_intake: StartIntake) -> Intake:
    """An intake with hooks of every proof."""
    return start_intake(
        hooks={
            "plain": HOOK,
            "header": HOOK | {"proof": "header", "header": "X-Token"},
            "signed": HOOK | {"proof": "hmac", "header": "X-Sig", "prefix": "v0="},
            "signed64": HOOK
            | {"proof": "hmac", "header": "X-Sig", "encoding": "base64", "digest": "sha512"},
            "address": HOOK | {"proof": "address"},
            "form": HOOK | {"body": "form"},
        },
        routes=SENDER_DECIDES,
    )


def post(
    intake: Intake, name: str, body: Any = BODY, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Send a body, as it is or as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return intake.client.post(
        f"/v1/hooks/{name}", content=content, headers=bearer(SECRET) if headers is None else headers
    )


def test_an_alert_opens_its_incident_and_its_end_resolves_it(intake: Intake) -> None:
    """Sent again, it is the same one; what comes from another hook is another."""
    first = post(intake, "plain").json()["incidents"][0]
    again = post(intake, "plain").json()["incidents"][0]
    over = post(intake, "plain", {**BODY, "state": "up"}).json()
    incident = intake.store.incident(first["incidentId"])

    assert (True, False) == (first["new"], again["new"])
    assert [first["incidentId"]] == over["resolved"]
    assert ("P2", ["till"], "resolved") == (
        incident.severity, incident.affected_services, incident.status,
    )  # fmt: skip
    assert "the till is down" == incident.description


def test_a_message_is_taken_once_whenever_it_comes_again(intake: Intake) -> None:
    """The mapping's `delivery` names it; also after its alert is over."""
    first = post(intake, "plain", {**BODY, "delivery": "m-1"}).json()["incidents"][0]
    post(intake, "plain", {**BODY, "state": "up", "delivery": "m-2"})
    post(intake, "plain", {**BODY, "delivery": "m-1"})

    assert ["resolved"] == [each.status for each in intake.incidents()]
    assert first["new"]


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("plain", bearer(SECRET)),
        ("plain", bearer(NEXT)),
        ("plain", basic(SECRET)),
        ("header", {"X-Token": SECRET}),
        ("signed", signed(SECRET, json.dumps(BODY).encode())),
        ("signed", signed(NEXT, json.dumps(BODY).encode())),
        (
            "signed64",
            {
                "X-Sig": base64.b64encode(
                    hmac.digest(SECRET.encode(), json.dumps(BODY).encode(), "sha512")
                ).decode()
            },
        ),
        (f"address?token={SECRET}", {}),
    ],
)
def test_every_proof_is_taken(intake: Intake, name: str, headers: dict[str, str]) -> None:
    """Also by the next secret, while one is changed."""
    assert 202 == post(intake, name, headers=headers).status_code


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("plain", {}),
        ("plain", bearer(TOKEN)),
        ("plain", bearer(SECRET[:-1])),
        ("plain", {"Authorization": "Basic ???"}),
        ("plain", {b"Authorization": "Bearer ä".encode("latin-1")}),
        ("header", {"X-Token": ""}),
        ("header", bearer(SECRET)),
        ("signed", signed(SECRET, b"another body")),
        ("signed", {"X-Sig": "v0=zz"}),
        ("signed", {"X-Sig": signed(SECRET, json.dumps(BODY).encode())["X-Sig"][3:]}),
        ("signed64", {"X-Sig": "ä".encode()}),
        ("address", {}),
        ("address?token=", {}),
        ("address?token=%ff", {}),
    ],
)
def test_whoever_cannot_prove_it_does_not_come_in(
    intake: Intake, name: str, headers: dict[str, str]
) -> None:
    """401 that says how; the intake's own token is none of a hook's."""
    answer = post(intake, name, headers=headers)

    assert (401, []) == (answer.status_code, intake.incidents())
    assert f"hooks.{name.partition('?')[0]}: " in answer.json()["detail"]
    assert SECRET not in answer.text


def test_a_hook_that_is_not_there_says_what_to_do(intake: Intake) -> None:
    """404 that names the table."""
    answer = post(intake, "other")

    assert 404 == answer.status_code
    assert "[hooks.NAME]" in answer.json()["detail"]


def test_a_form_is_read(intake: Intake) -> None:
    """Some senders know nothing else."""
    taken = post(intake, "form", b"id=9&state=DOWN&text=it+is+down&level=critical")

    assert "P1" == taken.json()["incidents"][0]["severity"]


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("plain", b"{", "body: not JSON"),
        ("plain", b"[" * 100_000, "body: not JSON"),
        ("plain", b"\xff\xfe", "body: not JSON"),
        ("plain", b"null", "hooks.plain.alerts"),
        ("plain", b'"fire"', "hooks.plain.alerts: an alert must be a JSON object"),
        ("plain", {**BODY, "state": "odd"}, "hooks.plain.state: 'odd' is none of firing"),
        ("plain", {**BODY, "id": None}, "hooks.plain.identity: gives nothing"),
        ("form", b"", "body: a form was expected"),
        ("form", b"a=%ff", "body: not a form"),
        ("form", b"a=1&" * 2_000, "body: not a form"),
    ],
)
def test_what_cannot_be_read_says_why(intake: Intake, name: str, body: Any, problem: str) -> None:
    """422 (or that it is no news), and nothing is opened."""
    answer = post(intake, name, body)

    assert answer.status_code in (200, 422)
    assert problem in answer.text
    assert [] == intake.incidents()


def test_a_body_that_is_too_large_is_refused(intake: Intake) -> None:
    """413, before anything reads it."""
    assert 413 == post(intake, "plain", b'"' + b"x" * 1_000_000 + b'"').status_code


def test_characters_that_no_database_keeps_and_very_long_texts_do_no_harm(intake: Intake) -> None:
    """The alert is there, cut to what a record takes."""
    body = {**BODY, "id": "x" * 100_000, "text": "a\x00b" + "y" * 100_000, "service": "s" * 5_000}
    opened = post(intake, "plain", body).json()["incidents"][0]

    assert 20_000 == len(intake.store.incident(opened["incidentId"]).description)
