"""Events out: each once, signed, in order, and none lost; and no page waits for a receiver."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fixtures.cli import Aeef
from fixtures.intake import QUICK, Intake, StartIntake
from schemas.incident import Status
from standins.pagerduty import PagerDuty
from standins.webhook_receiver import SECRET, WebhookReceiver
from support import wait_until

FAST = QUICK._replace(webhooks=0.02, webhook_waits=(0.05, 0.05, 0.05))
FEW = QUICK._replace(webhooks=0.02, webhook_waits=(0.02,))
NEVER = QUICK._replace(webhooks=600.0)
"""It looks once, at its start."""


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """A receiver that verifies."""
    with WebhookReceiver() as made:
        yield made


def to(receiver: WebhookReceiver, **more: Any) -> dict[str, Any]:
    """The settings of a webhook to this receiver; its address has a password, as many have."""
    return {"url": f"{receiver.url}/hooks/the-password", "secret": receiver.secret, **more}


def settled(intake: Intake, name: str = "status") -> bool:
    """True once the webhook has read the outbox: what comes now is sent."""
    return name in {each.webhook for each in intake.store.webhooks.states()}


def started(start: StartIntake, *standins: Any, timing: Any = FAST, **webhooks: Any) -> Intake:
    """An intake whose webhooks have begun."""
    intake = start(*standins, timing=timing, webhooks=webhooks)
    wait_until(lambda: all(settled(intake, name) for name in webhooks))
    return intake


def test_each_step_of_an_incidents_life_is_an_event(
    start_intake: StartIntake, receiver: WebhookReceiver, pagerduty: PagerDuty
) -> None:
    """In order, once, with what a status page needs."""
    intake = started(start_intake, pagerduty, status=to(receiver))
    opened = intake.report(type="drift", service="shop", description="the shop is slow")
    wait_until(lambda: "paged" in receiver.names)
    intake.store.acknowledge(opened, actor="ada")
    for status in (Status.MITIGATED, Status.RESOLVED, Status.CLOSED):
        intake.store.set_status(opened, status, actor="ada", automated=False)
    wait_until(lambda: "closed" in receiver.names)

    assert ["detected", "paged", "acknowledged", "mitigated", "resolved", "closed"] == (
        receiver.names
    )
    first = receiver.events[0]
    assert opened == first["subject"] == first["data"]["incidentId"]
    assert ("drift", "P1", "shop", "the shop is slow", 1) == tuple(
        first["data"][name] for name in ("type", "severity", "service", "description", "number")
    )
    assert first["data"]["url"].endswith(f"/incidents/{opened}")
    assert [] == receiver.violations
    wait_until(lambda: intake.store.webhooks.states()[0].delivered == len(receiver.names))
    (state,) = intake.store.webhooks.states()
    assert (0, 0) == (state.waiting, state.dead)


def test_only_what_is_wanted_is_sent(start_intake: StartIntake, receiver: WebhookReceiver) -> None:
    """`events` of each webhook, by their short names or whole."""
    with WebhookReceiver() as other:
        intake = started(
            start_intake,
            status=to(receiver, events=["resolved"]),
            chat=to(other, events=["aeef.incident.detected"]),
        )
        opened = intake.report(severity="P4", service="shop")
        intake.store.set_status(opened, Status.RESOLVED, actor="ada")
        wait_until(lambda: receiver.names and other.names)

        assert (["resolved"], ["detected"]) == (receiver.names, other.names)


def test_what_a_restricted_incident_is_about_stays_here(
    start_intake: StartIntake, receiver: WebhookReceiver
) -> None:
    """A data breach has its own, restricted channel."""
    intake = started(start_intake, status=to(receiver))
    intake.report(type="data-breach", severity="P4", service="shop", description="who leaked")
    wait_until(lambda: receiver.names)

    assert "who leaked" not in receiver.requests[0].body.decode()
    assert "description" not in receiver.events[0]["data"]


def test_it_begins_with_what_happens_from_now_on(
    start_intake: StartIntake, receiver: WebhookReceiver
) -> None:
    """A new webhook is not sent last year's incidents."""
    intake = start_intake(timing=FAST)
    intake.report(severity="P4", service="before")
    again = started(start_intake, status=to(receiver))
    again.report(severity="P4", service="after")
    wait_until(lambda: receiver.names)

    assert ["after"] == [each["data"]["service"] for each in receiver.events]


@pytest.mark.parametrize("status", [400, 401, 404, 408, 429, 500, 502, 503])
def test_what_fails_is_tried_again(
    start_intake: StartIntake, receiver: WebhookReceiver, status: int
) -> None:
    """Whatever the answer: who refuses today may be mended tomorrow. The order stays."""
    intake = started(start_intake, status=to(receiver, events=["detected", "resolved"]))
    receiver.fail_with(status, times=2)
    opened = intake.report(severity="P4", service="shop")
    intake.store.set_status(opened, Status.RESOLVED, actor="ada")
    wait_until(lambda: len(receiver.names) == 2)

    assert ["detected", "resolved"] == receiver.names
    assert 4 == len(receiver.requests)
    assert len({each.headers["webhook-id"] for each in receiver.requests[:3]}) == 1


def test_a_redirect_is_not_followed(start_intake: StartIntake, receiver: WebhookReceiver) -> None:
    """It would take the event, and what it says, elsewhere."""
    with WebhookReceiver() as elsewhere:
        receiver.fail_with(307, times=None, headers={"Location": f"{elsewhere.url}/here"})
        intake = started(start_intake, timing=FEW, status=to(receiver))
        intake.report(severity="P4", service="shop")
        wait_until(lambda: [each for each in intake.store.webhooks.states() if each.dead])

        assert [] == elsewhere.requests


def test_a_wish_to_wait_is_honoured(start_intake: StartIntake, receiver: WebhookReceiver) -> None:
    """`Retry-After` is longer than our own wait."""
    intake = started(start_intake, status=to(receiver))
    receiver.fail_with(503, headers={"Retry-After": "1"})
    intake.report(severity="P4", service="shop")
    wait_until(lambda: receiver.names)

    assert receiver.requests[1].at - receiver.requests[0].at >= 0.9


def test_what_is_never_taken_is_kept_and_sent_when_asked(
    start_intake: StartIntake,
    receiver: WebhookReceiver,
    aeef: Aeef,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The list says what and why, without the receiver's password; doctor asks for somebody."""
    receiver.fail_with(500, times=None, body=b"the-password")
    with caplog.at_level(logging.INFO, logger="aeef"):
        intake = started(start_intake, timing=FEW, status=to(receiver, events=["detected"]))
        opened = intake.report(severity="P4", service="shop")
        wait_until(intake.store.webhooks.dead)
    monkeypatch.setenv("AEEF_WEBHOOKS__STATUS__URL", f"{receiver.url}/hooks/the-password")
    monkeypatch.setenv("AEEF_WEBHOOKS__STATUS__SECRET", SECRET)
    (dead,) = aeef("webhooks", "dead", "--json").json
    listed = aeef("webhooks", "list").out + aeef("webhooks", "dead").out
    checked = {each["check"]: each for each in aeef("doctor", "--json").json}["webhook status"]

    assert (opened, "aeef.incident.detected", 2) == (
        dead["incidentId"],
        dead["event"],
        dead["attempts"],
    )
    assert "answered 500" in dead["error"]
    assert "1 dead" in listed
    metrics = intake.ask("GET", "/metrics").text
    assert 'aeef_webhook_events{state="dead",webhook="status"} 1.0' in metrics
    assert "FAILED" == checked["outcome"]
    assert "aeef webhooks retry" in checked["detail"]
    for said in (str(dead), listed, str(checked), caplog.text):
        assert "the-password" not in said
        assert SECRET not in said

    receiver.recover()
    nothing = aeef("webhooks", "retry")
    done = aeef("webhooks", "retry", dead["eventId"])
    wait_until(lambda: receiver.names)
    assert (2, 0) == (nothing.code, done.code)
    assert [] == intake.store.webhooks.dead()
    assert dead["eventId"] == receiver.events[0]["id"]
    assert 1 == aeef("webhooks", "retry", "--all").code


def test_who_is_gone_is_not_asked_again(
    start_intake: StartIntake, receiver: WebhookReceiver
) -> None:
    """410 says: never again."""
    receiver.fail_with(410, times=None)
    intake = started(start_intake, status=to(receiver, events=["detected"]))
    intake.report(severity="P4", service="shop")
    wait_until(intake.store.webhooks.dead)

    assert 1 == len(receiver.requests)


def test_a_receiver_that_stalls_holds_up_nobody(
    start_intake: StartIntake, receiver: WebhookReceiver, pagerduty: PagerDuty
) -> None:
    """Neither pages nor other receivers; and it is asked seldom while it does not answer."""
    with WebhookReceiver() as other:
        receiver.stall(times=None)
        intake = started(
            start_intake, pagerduty, status=to(receiver), chat=to(other, events=["detected"])
        )
        begun = time.monotonic()
        ids = [intake.report(service=f"s{number}") for number in range(8)]
        wait_until(lambda: set(ids) <= set(pagerduty.alerts))
        wait_until(lambda: len(other.names) == len(ids))
        took = time.monotonic() - begun
        receiver.release()

    assert took < intake.settings.retry.request_timeout + 5
    assert len(receiver.requests) <= 6


def test_what_one_intake_left_is_sent_by_the_next(
    start_intake: StartIntake, receiver: WebhookReceiver
) -> None:
    """Queued and never sent, as when a process is killed: nothing is lost, nothing doubled."""
    first = started(start_intake, timing=NEVER, status=to(receiver))
    opened = first.report(severity="P4", service="shop")
    first.store.webhooks.queue({"status": {"aeef.incident.detected"}})
    abandoned = first.store.webhooks.lease("status", "killed", 20, timedelta(0))

    start_intake(timing=FAST, webhooks={"status": to(receiver, events=["detected"])})
    wait_until(lambda: receiver.names)

    assert [opened] == [str(each.incident_id) for each in abandoned]
    assert [opened] == [each["subject"] for each in receiver.events]


def test_an_event_that_made_no_run_and_is_repeated_for_it_is_no_news(
    start_intake: StartIntake, receiver: WebhookReceiver
) -> None:
    """Only Prefect is told again; a severity that rose is news."""
    intake = started(start_intake, status=to(receiver, events=["detected"]))
    opened = intake.report(severity="P3", service="shop", dedupKey="x")
    intake.store.emit(opened, "aeef.incident.detected", {})
    intake.report(severity="P2", service="shop", dedupKey="x")
    wait_until(lambda: len(receiver.names) == 2)

    assert ["P3", "P2"] == [each["data"]["severity"] for each in receiver.events]
