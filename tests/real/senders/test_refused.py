"""No message is refused in silence: it is kept, counted, shown, and becomes an incident."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.intake import Intake, StartIntake
from fixtures.people import bearer, token_for
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.store.senders.refused import LONGEST_BODY, Refusal

SECRET = "a-secret-of-its-own-0123456789"
HOOK = {"secret": SECRET, "identity": "id", "description": "text", "state": "state",
        "firing": ["down"], "severity": "level", "resolved": ["up"]}  # fmt: skip
ODD = {"id": 1, "state": "broken", "text": "shop is down, ask ann@shop.example"}


@pytest.fixture
def intake(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake with one hook."""
    return start_intake(pagerduty, hooks={"plain": HOOK})


def send(intake: Intake, body: Any, name: str = "plain", secret: str = SECRET) -> int:
    """Send a body to a hook; the status."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {secret}"}
    return intake.client.post(f"/v1/hooks/{name}", content=content, headers=headers).status_code


def kept(intake: Intake, most: int = 1) -> list[Refusal]:
    """What is kept, as soon as there is so much."""
    wait_until(lambda: len(intake.store.refused.all()) >= most)
    return intake.store.refused.all()


def test_a_refused_body_is_kept_masked_counted_and_shown_to_admins(intake: Intake) -> None:
    """With the reason that its sender got."""
    assert 422 == send(intake, ODD)
    (refusal,) = kept(intake)
    shown = intake.ask("GET", "/v1/refused").json()

    assert ("hooks/plain", "not understood", True) == (
        refusal.sender, refusal.reason, refusal.is_whole,
    )  # fmt: skip
    assert "hooks.plain.state: 'broken' is none of firing" in refusal.detail
    assert "ann@shop.example" not in json.dumps(shown)
    assert ODD["id"] == json.loads(shown[0]["body"])["id"]
    counted = 'aeef_messages_refused_total{reason="not understood",sender="hooks/plain"} 1.0'
    assert counted in intake.client.get("/metrics").text
    page = intake.ask("GET", "/incidents", headers={"Accept": "text/html"}).text
    assert "Messages of hooks/plain were refused in the last day: not understood (1)" in page


@pytest.mark.parametrize("name", ["rea", "rob", "aud"])
def test_only_admins_read_what_was_refused(intake: Intake, name: str) -> None:
    """It may hold anything."""
    headers = bearer(token_for(intake.store, name))

    assert 403 == intake.client.get("/v1/refused", headers=headers).status_code
    assert 403 == intake.client.post("/v1/refused/1/replay", headers=headers).status_code
    assert 401 == intake.client.get("/v1/refused").status_code


@pytest.mark.parametrize(
    ("path", "body", "sender", "reason"),
    [
        ("/v1/alerts", b"{", "alerts", "not understood"),
        ("/v1/alertmanager", b'{"version": "9"}', "alertmanager", "not understood"),
        ("/v1/findings", b"{}", "findings", "not understood"),
        ("/v1/alerts", b'"' + b"x" * 1_000_000 + b'"', "alerts", "too large"),
    ],
)
def test_every_sender_s_messages_are_kept(
    intake: Intake, path: str, body: bytes, sender: str, reason: str
) -> None:
    """Not only those of hooks."""
    intake.ask("POST", path, content=body)
    (refusal,) = kept(intake)

    assert (sender, reason) == (refusal.sender, refusal.reason)
    assert refusal.detail


def test_whoever_does_not_prove_who_they_are_fills_no_disk(intake: Intake) -> None:
    """Their bodies are not kept; that they tried is."""
    for _ in range(3):
        send(intake, ODD, secret="wrong" * 5)
        send(intake, ODD, name="x" * 500)
    found = kept(intake, 6)

    assert {("hooks/plain", "not authenticated"), ("hooks", "no such hook")} == {
        (each.sender, each.reason) for each in found
    }
    assert {""} == {each.body for each in found}
    assert all("wrong" * 5 not in each.detail for each in found)


def test_what_is_kept_has_an_end_in_number_and_size(intake: Intake) -> None:
    """The newest stay; one that is too long is cut, and not replayed."""
    store = intake.store.refused
    for number in range(250):
        store.keep(f"hooks/{number % 3}", "not understood", "why", str(number), is_whole=True)
    store.keep("alerts", "not understood", "why", "y" * 2 * LONGEST_BODY, is_whole=True)
    found = store.all()

    assert 61 == len(found)
    assert (LONGEST_BODY, False) == (len(found[0].body), found[0].is_whole)
    assert "249" == found[1].body


def test_again_and_again_is_one_incident_for_each_reason(
    intake: Intake, pagerduty: PagerDuty
) -> None:
    """P3, with the reason; two times are none, and thirty are one. Nobody is woken."""
    send(intake, ODD)
    send(intake, ODD)
    kept(intake, 2)
    assert [] == intake.incidents()
    for _ in range(28):
        send(intake, ODD)
    wait_until(lambda: len(intake.store.refused.all()) == 20 and intake.incidents())
    (incident,) = intake.incidents()

    assert ("P3", "unknown", ["hooks/plain"]) == (
        incident.severity, incident.type, incident.affected_services,
    )  # fmt: skip
    assert "'broken' is none of firing" in incident.description
    assert "aeef hooks replay" in incident.description
    assert {} == pagerduty.alerts


def test_strangers_open_nothing_and_a_known_sender_with_a_wrong_secret_does(
    intake: Intake,
) -> None:
    """Whoever scans the network is no sender of ours."""
    for _ in range(5):
        intake.client.post("/v1/alerts", json={})
        send(intake, ODD, name="other")
    kept(intake, 10)
    assert [] == intake.incidents()
    for _ in range(3):
        send(intake, ODD, secret="wrong" * 5)

    (incident,) = wait_until(intake.incidents)
    assert "not authenticated" in incident.description


def test_after_the_mapping_is_mended_it_is_replayed(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """As if it came now: it opens, pages, is on record, and kept no longer."""
    before = start_intake(pagerduty, hooks={"plain": HOOK})
    send(before, {**ODD, "level": "critical"})
    (refusal,) = kept(before)
    still = before.ask("POST", f"/v1/refused/{refusal.number}/replay")
    mended = HOOK | {"firing": ["down", "broken"]}
    intake = start_intake(pagerduty, hooks={"plain": mended})
    taken = intake.ask("POST", f"/v1/refused/{refusal.number}/replay")
    again = intake.ask("POST", f"/v1/refused/{refusal.number}/replay")

    assert (422, 200, 404) == (still.status_code, taken.status_code, again.status_code)
    assert "'broken' is none of" in still.json()["detail"]
    wait_until(lambda: list(pagerduty.alerts) == [taken.json()["incidents"][0]["incidentId"]])
    assert [] == intake.store.refused.all()
    assert "ann (token)" == intake.store.general_entries(1)[0].actor


def test_what_was_not_kept_whole_says_so(intake: Intake) -> None:
    """Its sender has to send it again."""
    intake.store.refused.keep("hooks/plain", "not understood", "why", "x" * 2 * LONGEST_BODY)
    (refusal,) = kept(intake)
    answer = intake.ask("POST", f"/v1/refused/{refusal.number}/replay")

    assert 422 == answer.status_code
    assert "was not kept whole" in answer.json()["detail"]


def test_alertmanager_s_body_is_replayed_too(intake: Intake) -> None:
    """Whatever had been wrong when it came."""
    alert = {"status": "firing", "labels": {"alertname": "A", "service": "shop"},
             "startsAt": "2026-11-27T06:00:00Z", "fingerprint": "f"}  # fmt: skip
    body = {"version": "4", "groupKey": "g", "alerts": [alert]}
    intake.store.refused.keep(
        "alertmanager", "not understood", "why", json.dumps(body), is_whole=True
    )
    (refusal,) = kept(intake)

    assert intake.ask("POST", f"/v1/refused/{refusal.number}/replay").json()["incidents"]
