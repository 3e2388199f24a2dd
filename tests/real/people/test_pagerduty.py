"""What people do in PagerDuty counts here, once, with their name, whatever comes twice or late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import httpx
import pytest

from fixtures.intake import NO_ROUNDS, QUICK, Intake, StartIntake
from schemas.incident import Status
from schemas.model import utc_now
from standins.pagerduty import PagerDuty
from standins.sending.pagerduty import (
    ADA,
    GRACE,
    OURSELVES,
    SECRET,
    Webhooks,
    event_of,
    incident_of,
)
from standins.slack import Slack
from support import wait_until
from tasks.channels.slack.message import ensure_message

PEOPLE = {
    "ada": {"display_name": "Ada", "roles": ["responder"], "pagerduty": ADA["id"]},
    "rob": {"roles": ["reader"], "pagerduty": "PROB001"},
}
ROB = {"id": "PROB001", "type": "user_reference", "summary": "Rob"}
EARLIER = timedelta(minutes=5)


@pytest.fixture
def intake(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake that pages by PagerDuty and hears of it."""
    return start_intake(pagerduty, **hears(pagerduty))


@pytest.fixture
def webhooks(intake: Intake, pagerduty: PagerDuty) -> Webhooks:
    """The subscription that sends to it."""
    return Webhooks(pagerduty, f"{intake.settings.intake_url}/v1/pagerduty")


def hears(pagerduty: PagerDuty) -> dict[str, object]:
    """Settings with the secret of the subscription."""
    return {"pagerduty": {**pagerduty.settings(), "webhook_secret": SECRET}, "people": PEOPLE}


def paged(intake: Intake, pagerduty: PagerDuty, **alert: object) -> str:
    """An incident whose page rings, which is on record."""
    incident_id = intake.report(service="shop", **alert)
    wait_until(lambda: incident_id in pagerduty.alerts)
    wait_until(lambda: any(each.startswith("paged ") for each in intake.actions(incident_id)))
    return incident_id


def taken_by(intake: Intake, incident_id: str) -> str:
    """Who has it, as it is on record."""
    state = intake.store.escalations.state(incident_id)
    return state.taken_by if state else ""


def test_acknowledge(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Pressed in PagerDuty: the person has it, and nobody else is called."""
    incident_id = paged(intake, pagerduty)

    assert 202 == webhooks.press("acknowledged", incident_id).status_code

    assert Status.INVESTIGATING is intake.store.incident(incident_id).status
    assert "ada (pagerduty)" == taken_by(intake, incident_id)
    state = intake.store.escalations.state(incident_id)
    assert state is not None
    assert 1 == state.takes


def test_message_changes(start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack) -> None:
    """The message in Slack says at once who has it: no round comes that would say it later."""
    routes = {"P1": {"page_channels": ["pagerduty", "slack"]}}
    intake = start_intake(slack, timing=NO_ROUNDS, **hears(pagerduty), routes=routes)
    webhooks = Webhooks(pagerduty, f"{intake.settings.intake_url}/v1/pagerduty")
    incident_id = paged(intake, pagerduty)
    ensure_message(intake.store.incident(incident_id), intake.settings, holder="a test")

    webhooks.press("acknowledged", incident_id)
    wait_until(lambda: "Ada has it" in str(slack.in_channel("aeef-incidents")[0].blocks))


def test_unknown_person(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Somebody whom we do not know holds the pager: it counts, and the record says whom we know."""
    incident_id = paged(intake, pagerduty)

    webhooks.press("acknowledged", incident_id, GRACE)

    assert Status.INVESTIGATING is intake.store.incident(incident_id).status
    name = "PagerDuty user Grace Hopper, not one of our people (pagerduty)"
    assert name == taken_by(intake, incident_id)


def test_reader(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Who may only read here does not stop the escalation from there."""
    incident_id = paged(intake, pagerduty)

    assert 202 == webhooks.press("acknowledged", incident_id, ROB).status_code

    assert Status.OPEN is intake.store.incident(incident_id).status
    assert any("rob may not ack" in each for each in intake.actions(incident_id))


def test_our_own_acknowledgement(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """What we sent ourselves comes back, and is nobody's."""
    incident_id = paged(intake, pagerduty)

    webhooks.press("acknowledged", incident_id, OURSELVES)

    assert Status.OPEN is intake.store.incident(incident_id).status


def test_replay(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """The same delivery again, by whomever, changes nothing."""
    incident_id = paged(intake, pagerduty)
    event = event_of("priority_updated", incident_of(pagerduty.alerts[incident_id]))

    answers = [webhooks.deliver(event) for _ in range(3)]

    assert [202] * 3 == [each.status_code for each in answers]
    noted = [each for each in intake.actions(incident_id) if "priority changed: P1" in each]
    assert 1 == len(noted)


def test_at_the_same_time(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Delivered twice at once: done once; who was not first is asked to send again, or told."""
    incident_id = paged(intake, pagerduty)
    event = event_of("acknowledged", incident_of(pagerduty.alerts[incident_id]))

    with ThreadPoolExecutor(4) as many:
        answers = list(many.map(lambda _: webhooks.deliver(event).status_code, range(4)))

    assert {202, 503} >= set(answers)
    assert 202 in answers
    assert 1 == sum("acknowledged" in each for each in intake.actions(incident_id))


def test_two_people(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Two at once: one of them has it."""
    incident_id = paged(intake, pagerduty)

    with ThreadPoolExecutor(2) as many:
        list(many.map(partial(webhooks.press, "acknowledged", incident_id), (ADA, GRACE)))

    state = intake.store.escalations.state(incident_id)
    assert state is not None
    assert 1 == state.takes


def test_out_of_order(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """An older event that comes later is noted with its own time, and changes nothing."""
    incident_id = paged(intake, pagerduty)
    webhooks.press("unacknowledged", incident_id, None)
    earlier = utc_now() - EARLIER

    webhooks.press("acknowledged", incident_id, at=earlier)

    assert Status.OPEN is intake.store.incident(incident_id).status
    words = f"PagerDuty, {earlier:%Y-%m-%d %H:%M:%S} UTC: acknowledged (heard late"
    assert any(each.startswith(words) for each in intake.actions(incident_id))


def test_note(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """A note names its writer; it only refers to the incident, which was heard of before."""
    incident_id = paged(intake, pagerduty)
    webhooks.press("triggered", incident_id, None)

    assert 202 == webhooks.annotate(incident_id, "the pool was exhausted").status_code

    last = intake.store.incident(incident_id).actions_taken[-1]
    assert last.action.endswith("note: the pool was exhausted")
    assert ("ada (pagerduty)", False) == (last.actor, last.automated)


def test_resolved(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Resolved there is a proposal here, and somebody is at it."""
    incident_id = paged(intake, pagerduty)

    webhooks.press("resolved", incident_id)

    assert Status.INVESTIGATING is intake.store.incident(incident_id).status
    assert any("resolved (proposed" in each for each in intake.actions(incident_id))


def test_resolved_where_the_route_lets_it(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Where a sender's all-clear ends an incident, a person's in PagerDuty does, too."""
    routes = {"P1": {"resolved_by_sender": "once-taken"}}
    intake = start_intake(**hears(pagerduty), routes=routes)
    incident_id = paged(intake, pagerduty, type="unknown")

    Webhooks(pagerduty, f"{intake.settings.intake_url}/v1/pagerduty").press("resolved", incident_id)

    assert Status.RESOLVED is intake.store.incident(incident_id).status


def test_given_back(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """No longer acknowledged there: nobody has it, and the escalation begins anew."""
    incident_id = paged(intake, pagerduty)
    webhooks.press("acknowledged", incident_id)

    webhooks.press("unacknowledged", incident_id, None)

    assert Status.OPEN is intake.store.incident(incident_id).status
    assert "" == taken_by(intake, incident_id)


def test_ran_out_for_somebody_else(
    intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty
) -> None:
    """Taken elsewhere, its acknowledgement is ours: that it runs out takes nothing away."""
    incident_id = paged(intake, pagerduty)
    intake.store.acknowledge(incident_id, actor="ada (slack)")

    webhooks.press("unacknowledged", incident_id, None)

    assert "ada (slack)" == taken_by(intake, incident_id)


@pytest.mark.parametrize("kind", ["reassigned", "escalated", "delegated", "reopened"])
def test_noted(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty, kind: str) -> None:
    """What else people do there is on record."""
    incident_id = paged(intake, pagerduty)

    assert 202 == webhooks.press(kind, incident_id).status_code

    assert Status.OPEN is intake.store.incident(incident_id).status
    assert intake.actions(incident_id)[-1].startswith("PagerDuty, ")


def test_another_subject(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Whoever takes the page of a breach team does not have the incident."""
    incident_id = paged(intake, pagerduty)
    alert = pagerduty.alerts[incident_id]
    data = incident_of(alert, incident_key=f"{incident_id}:privacy")

    webhooks.deliver(event_of("acknowledged", data))

    assert Status.OPEN is intake.store.incident(incident_id).status


def test_rotation(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """While a secret is changed both are taken, whoever of the two changes first."""
    both = {**pagerduty.settings(), "webhook_secret": f"old-{SECRET}, {SECRET}"}
    intake = start_intake(pagerduty=both)
    url = f"{intake.settings.intake_url}/v1/pagerduty"
    ping = {"id": "1", "event_type": "pagey.ping", "resource_type": "pagey", "agent": None,
            "occurred_at": "2026-03-02T13:35:11.682Z", "client": None,
            "data": {"message": "Hello from your friend Pagey!", "type": "ping"}}  # fmt: skip
    webhooks = Webhooks(pagerduty, url)

    for secrets in ([SECRET], [f"old-{SECRET}"], ["another", SECRET]):
        assert 200 == webhooks.deliver(ping, secrets).status_code


@pytest.mark.parametrize("secrets", [["wrong"], [], ["wrong", "also"]])
def test_wrong_signature(
    intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty, secrets: list[str]
) -> None:
    """Nothing is read of what PagerDuty did not sign."""
    incident_id = paged(intake, pagerduty)
    event = event_of("acknowledged", incident_of(pagerduty.alerts[incident_id]))

    answer = webhooks.deliver(event, secrets)

    assert 401 == answer.status_code
    assert SECRET not in answer.text
    assert Status.OPEN is intake.store.incident(incident_id).status


def test_not_configured(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Without a secret nothing is taken, and it says what to set."""
    intake = start_intake(pagerduty)

    answer = httpx.post(f"{intake.settings.intake_url}/v1/pagerduty", content=b"{}")

    assert 503 == answer.status_code
    assert "AEEF_PAGERDUTY__WEBHOOK_SECRET" in answer.text


@pytest.mark.parametrize("key", [None, "", "of-another-tool", "0" * 36])
def test_not_ours(
    intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty, key: str | None
) -> None:
    """Other incidents of the account are none of ours: 200, so that PagerDuty goes on sending."""
    incident_id = paged(intake, pagerduty)
    data = incident_of(pagerduty.alerts[incident_id], incident_key=key, id="QOTHER")

    assert 200 == webhooks.deliver(event_of("acknowledged", data)).status_code
    assert Status.OPEN is intake.store.incident(incident_id).status


def test_new_kind(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """A kind of event that we do not know, shaped as it likes, does not make a webhook fail."""
    paged(intake, pagerduty)

    assert 200 == webhooks.deliver(event_of("made_up", {"assignees": "nobody"})).status_code


def test_relapse(intake: Intake, webhooks: Webhooks, pagerduty: PagerDuty) -> None:
    """Acknowledging the page of an earlier occurrence does not silence the present one."""
    incident_id = paged(intake, pagerduty)
    webhooks.press("acknowledged", incident_id)
    intake.store.set_status(incident_id, Status.MITIGATED, actor="a test")
    intake.store.relapse(incident_id, "broken again", actor="a test")

    webhooks.press("acknowledged", incident_id, GRACE)

    assert Status.OPEN is intake.store.incident(incident_id).status


def test_away(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """What happened while the intake was away is taken when it is back, and sent again."""
    intake = start_intake(**hears(pagerduty), timing=QUICK)
    incident_id = paged(intake, pagerduty)
    event = event_of(
        "acknowledged", incident_of(pagerduty.alerts[incident_id]), at=utc_now() - EARLIER
    )

    answer = Webhooks(pagerduty, f"{intake.settings.intake_url}/v1/pagerduty").deliver(event)

    assert 202 == answer.status_code
    assert "ada (pagerduty)" == taken_by(intake, incident_id)
