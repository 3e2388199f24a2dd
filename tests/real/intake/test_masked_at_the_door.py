"""Personal data of an alert is in its evidence, sealed, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from fixtures.intake import Intake, StartIntake
from samples.personal_data import CARD, EMAIL, LEAK, PHONE, SSN, leaks
from schemas.errors import IncidentNotFound, InvalidInput
from schemas.incident import PostMortem, Status
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from support import read_below, wait_until
from tasks.channels.jira import client as jira_client
from tasks.channels.slack.message import ensure_message
from tasks.incident.keep_original import (
    MOST_ORIGINALS,
    ORIGINAL,
    originals_of,
    read_originals,
)
from tasks.incident.open_incident import open_incident, open_unreadable


def kept_by_us(home: Path) -> list[str]:
    """Which files below AEEF_HOME hold an identifier; the database and its journal too."""
    return [str(path.relative_to(home)) for path, content in read_below(home) if leaks(content)]


@pytest.fixture
def told(start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack, jira: Jira) -> Intake:
    """An intake with every channel."""
    return start_intake(pagerduty, slack, jira)


def test_the_original_is_in_the_evidence_and_nowhere_else(
    told: Intake,
    pagerduty: PagerDuty,
    slack: Slack,
    jira: Jira,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in the database, a page, Slack, Jira, an event for Prefect, the pages or a log."""
    caplog.set_level(logging.DEBUG)

    incident_id = told.report(**LEAK)
    incident = told.store.incident(incident_id)
    wait_until(lambda: told.store.claim_result(incident_id, "page:P1") is not None)
    ensure_message(incident, told.settings, holder="test")
    jira_client.ensure_ticket(incident, told.settings)

    folder = f"evidence/{incident_id}"
    assert [] == kept_by_us(told.settings.home)
    for standin in (pagerduty, slack, jira):
        assert standin.requests
        assert [] == [found for each in standin.requests for found in leaks(each.body)]
    assert told.store.pending_events()  # in the database, which is searched above
    for path in ("/incidents", f"/incidents/{incident_id}", "/metrics"):
        for accept in ("text/html", "application/json"):
            answer = told.ask("GET", path, headers={"Accept": accept})
            assert 200 == answer.status_code
            assert [] == leaks(answer.text)
    assert [] == leaks(caplog.text)

    original = told.settings.home / folder / ORIGINAL
    assert {0o600} == {stat.S_IMODE(each.stat().st_mode) for each in original.parent.iterdir()}
    assert 0o700 == stat.S_IMODE(original.parent.stat().st_mode)
    [kept] = read_originals(incident_id, told.settings, actor="aud")
    assert LEAK == {name: kept[name] for name in LEAK}
    sha256 = hashlib.sha256(original.read_bytes()).hexdigest()
    assert any(sha256 in action for action in told.actions(incident_id))
    told.store.verify_audit()


def test_the_same_alert_twice_is_one_incident_and_another_person_another(told: Intake) -> None:
    """Masks keep identity: nothing is merged that is not the same."""
    first = told.report(**LEAK)
    other = {**LEAK, "dedupKey": "leak/bob@example.com"}

    assert first == told.report(**LEAK)
    assert first != told.report(**other)


def test_a_resolution_finds_the_masked_incident(told: Intake) -> None:
    """Alertmanager's alert whose labels name a person ends as any other."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "Leak", "service": f"mail of {EMAIL}", "severity": "critical"},
        "annotations": {"description": f"{EMAIL} was seen"},
        "startsAt": "2026-11-24T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "abc",
    }
    webhook = {"version": "4", "groupKey": f"{{user={EMAIL}}}", "alerts": [alert]}

    opened = told.webhook(webhook)["incidents"][0]["incidentId"]
    over = told.webhook({**webhook, "alerts": [{**alert, "status": "resolved"}]})

    assert [opened] == over["proposed"]
    assert told.store.lifecycle.standing(opened).proposed_by == "alertmanager"


def test_an_own_key_is_resolved_through_its_mask(told: Intake) -> None:
    """The key that the sender gave is masked on both ways."""
    incident_id = told.report(**LEAK)

    found = told.store.open_incident_of(LEAK["dedupKey"])

    assert found is not None
    assert incident_id == str(found.incident_id)


def test_a_foreign_event_is_masked_as_an_alert(told: Intake) -> None:
    """What another flow emits is masked where our runbook takes it in, under the same key."""
    incident_id = told.report(**LEAK)

    incident = open_incident(LEAK, told.settings)

    assert incident_id == str(incident.incident_id)
    assert [] == kept_by_us(told.settings.home)


def test_what_a_scanner_found_is_masked_too(told: Intake) -> None:
    """A secret scanner quotes what it found; a report that cannot be read is not repeated."""
    result = {"ruleId": EMAIL, "level": "error", "message": {"text": f"{EMAIL} owns {CARD}"}}
    run = {"tool": {"driver": {"name": "leaks"}}, "results": [result]}
    report = json.dumps({"version": "2.1.0", "runs": [run]})
    path = f"/v1/findings?service=mail of {EMAIL}"

    taken = told.ask("POST", path, content=report)
    refused = told.ask("POST", path, content=report.replace('"2.1.0"', f'"{EMAIL}"'))

    assert (202, 422) == (taken.status_code, refused.status_code)
    assert [] == leaks(taken.text + refused.text)
    assert [] == kept_by_us(told.settings.home)
    incident_id = taken.json()["incidentId"]
    assert any(EMAIL in each.decode() for each in originals_of(incident_id, told.settings))


@pytest.mark.parametrize(
    "wrong",
    [
        {"description": 5, EMAIL: "x"},
        {"description": "x", "labels": {EMAIL: 5}},
        {"description": "x", "severity": EMAIL, "detectedAt": EMAIL},
        {"description": "x", "service": [EMAIL]},
    ],
)
def test_a_refusal_repeats_nothing(
    empty_intake: Intake, caplog: pytest.LogCaptureFixture, wrong: dict[str, Any]
) -> None:
    """422 names the field, not what was in it; nor does the error that Prefect would show."""
    answer = empty_intake.ask("POST", "/v1/alerts", json=wrong)

    assert 422 == answer.status_code
    assert [] == leaks(answer.text + caplog.text)
    with pytest.raises(InvalidInput) as raised:
        open_incident(wrong, empty_intake.settings)
    assert [] == leaks(str(raised.value))


def test_an_unreadable_event_repeats_nothing(told: Intake) -> None:
    """It becomes an incident, without what it held."""
    with pytest.raises(InvalidInput) as raised:
        open_incident({EMAIL: 1}, told.settings)
    with pytest.raises(IncidentNotFound) as unknown:
        open_incident({"incidentId": EMAIL}, told.settings)

    incident = open_unreadable(InvalidInput(f"{EMAIL}: {raised.value}"), told.settings)

    assert [] == leaks(incident.description + str(unknown.value))


def test_what_people_write_later_is_masked_too(told: Intake) -> None:
    """Comments, reasons, root cause, post-mortem, services and the payloads of events."""
    incident_id = told.report(type="security", description="quiet")
    store = told.store
    store.record_action(incident_id, f"asked {EMAIL}")
    store.update(
        incident_id,
        actor="ada",
        root_cause=f"{EMAIL} lost {CARD}",
        post_mortem=PostMortem(timeline=f"10:00 {PHONE}", action_items=[f"call {EMAIL}"]),
        add_services=[f"mail of {EMAIL}"],
    )
    store.emit(incident_id, "aeef.incident.test", {"who": EMAIL})

    store.set_status(incident_id, Status.RESOLVED, actor="ada", reason=f"{SSN} is safe")

    assert [] == kept_by_us(told.settings.home)
    # The page of the report may go on record last.
    assert any("[us-ssn " in action for action in told.actions(incident_id)[-2:])
    store.verify_audit()


def test_masking_can_be_switched_off(start_intake: StartIntake) -> None:
    """Masking can be turned off; then no original is kept."""
    intake = start_intake(masking={"enabled": False})

    incident_id = intake.report(**LEAK)

    assert EMAIL in intake.store.incident(incident_id).description
    assert not (intake.settings.home / "evidence").exists()


def test_an_alert_whose_original_cannot_be_kept_is_taken_all_the_same(told: Intake) -> None:
    """The record says loudly that it is lost."""
    (told.settings.home / "evidence").write_text("in the way")

    incident_id = told.report(**LEAK)

    assert any("could NOT be kept" in action for action in told.actions(incident_id))


def test_a_sender_that_repeats_itself_does_not_fill_the_disk(told: Intake) -> None:
    """So many originals are kept; that no more are is on record once."""
    for number in range(MOST_ORIGINALS + 3):
        incident_id = told.report(**LEAK | {"details": {"n": number}})

    folder = told.settings.home / "evidence" / incident_id
    assert MOST_ORIGINALS == len(list(folder.glob("original-alert*.sealed")))
    assert 1 == sum("no more originals" in each for each in told.actions(incident_id))


def test_several_processes_use_one_key(told: Intake) -> None:
    """It is made once, for its owner only, and other programs read the same."""
    path = told.settings.home / "masking.key"

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(told.settings.home.glob("*masking.key*"))
