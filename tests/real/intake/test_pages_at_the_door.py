"""A page leaves at once and exactly once, whatever else is broken. Prefect is always down here."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from deployments.intake.door import PAGES_AT_ONCE
from fixtures.intake import AT_ONCE, QUICK, Intake, StartIntake
from schemas.incident import Severity, Status
from standins.alertmanager import Alertmanager
from standins.jira import Jira
from standins.pagerduty import ROUTING_KEY, PagerDuty
from standins.slack import Slack
from standins.standin import StandIn
from support import wait_until
from tasks.notify.page_on_call import ensure_page

SWEEPING = QUICK._replace(page_late=AT_ONCE)


def triggers(pagerduty: PagerDuty) -> dict[str, int]:
    """How many triggers of each incident PagerDuty received, whatever it answered."""
    counts: dict[str, int] = {}
    for request in pagerduty.requests:
        if request.json["event_action"] == "trigger":
            key = request.json["dedup_key"]
            counts[key] = counts.get(key, 0) + 1
    return counts


def done(intake: Intake, incident_ids: Iterable[str], severity: str = "P1") -> bool:
    """True when the store knows that all these pages went out."""
    keys = [intake.store.claim_result(each, f"page:{severity}") for each in incident_ids]
    return all(result is not None for result in keys)


@pytest.mark.proves("SPEC-P1-time", "REQ-010-12")
def test_a_storm_pages_each_incident_exactly_once(intake: Intake, pagerduty: PagerDuty) -> None:
    """Fifty troubles, each reported twenty times from many sides at once."""
    storm = [
        {"type": "security", "severity": "P1", "service": f"s{number}", "description": "CVE"}
        for number in range(50)
    ]
    with ThreadPoolExecutor(8) as senders:
        sent = list(senders.map(lambda _: intake.ask("POST", "/v1/alerts", json=storm), range(20)))
    ids = {each["incidentId"] for answer in sent for each in answer.json()["incidents"]}
    wait_until(lambda: done(intake, ids))

    assert 50 == len(ids) == len(intake.incidents())
    assert dict.fromkeys(ids, 1) == triggers(pagerduty)


def test_the_page_is_on_record_with_an_event_for_prefect(
    intake: Intake, pagerduty: PagerDuty
) -> None:
    """The record says by which channel; its event is kept."""
    incident_id = intake.report()
    wait_until(lambda: done(intake, [incident_id]))

    assert "paged on-call by PagerDuty" == intake.actions(incident_id)[-1]
    assert ["trigger"] == [e["event_action"] for e in pagerduty.alerts[incident_id].events]
    assert 2 == intake.store.pending_events()


def test_a_raised_severity_pages_again(intake: Intake, pagerduty: PagerDuty) -> None:
    """P3 pages nobody; raised to P2 it does, raised to P1 again, and P2 once more does not.

    Each rings under its own key: who took P2 has not taken P1.
    """
    alert = {"service": "shop"}
    incident_id = intake.report(**alert, severity="P3")
    for severity in ("P3", "P2", "P1", "P2", "P1"):
        assert incident_id == intake.report(**alert, severity=severity)
        if severity != "P3":
            wait_until(partial(done, intake, [incident_id], f"{severity}:raised"))
    keys = [f"{incident_id}:{severity}:raised" for severity in ("P2", "P1")]

    assert dict.fromkeys(keys, 1) == triggers(pagerduty)
    assert "critical" == pagerduty.alerts[keys[1]].payload["severity"]


def test_a_storm_of_others_does_not_hold_up_the_most_urgent(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """PagerDuty keeps every page of P2 waiting, more than leave at once: P1 has its own way out."""
    slow = {"request_timeout": 60, "attempts": 1}
    intake = start_intake(pagerduty, retry=slow, paging={"digest": {"above": 0}})
    pagerduty.stall(times=PAGES_AT_ONCE)
    storm = [intake.report(service=f"s{n}", severity="P2") for n in range(PAGES_AT_ONCE + 4)]
    wait_until(lambda: len(pagerduty.requests) == PAGES_AT_ONCE)
    urgent = intake.report(service="shop")
    wait_until(lambda: done(intake, [urgent]))
    left_before = set(pagerduty.alerts)
    pagerduty.release()
    wait_until(lambda: done(intake, storm, "P2"))

    assert {urgent} == left_before
    assert {urgent, *storm} == set(pagerduty.alerts)


def test_an_incident_that_calls_for_no_page_gets_none(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """P3 and P4 wake nobody, neither at the door nor by the sweep."""
    intake = start_intake(pagerduty, timing=SWEEPING)
    quiet = [intake.report(service=severity, severity=severity) for severity in ("P3", "P4")]
    loud = intake.report(service="shop")
    wait_until(lambda: done(intake, [loud]))

    assert {loud: 1} == triggers(pagerduty)
    assert all(not intake.store.claims(each) for each in quiet)


def test_a_page_that_pagerduty_refuses_goes_out_by_the_next_channel(
    start_intake: StartIntake,
    pagerduty: PagerDuty,
    alertmanager_standin: Alertmanager,
    slack: Slack,
    jira: Jira,
) -> None:
    """Channel after channel fails; the record names who was reached, and why not the others."""
    intake = start_intake(pagerduty, alertmanager_standin, slack, jira)
    reached: list[str] = []
    broken: list[StandIn | None] = [None, pagerduty, alertmanager_standin, slack]
    for standin in broken:
        if standin:
            standin.fail_with(400, times=None, body={"message": "no"})
        incident_id = intake.report(service=f"s{len(reached)}")
        wait_until(lambda: len(intake.actions(incident_id)) > 1)  # noqa: B023 - called at once
        reached.append(intake.actions(incident_id)[-1])

    assert [action.partition(";")[0] for action in reached] == [
        "paged on-call by PagerDuty",
        "paged on-call by Alertmanager",
        "told on-call by Slack, which rings nobody",
        "told on-call by Jira, which rings nobody",
    ]
    assert [False, False, True, True] == [each.endswith("; still trying") for each in reached]
    assert "PagerDuty did not take it: PagerDuty: could not page the on-call" in reached[1]
    assert "Alertmanager did not take it" in reached[3]
    assert "Slack did not take it" in reached[3]
    assert (1, 1, 1) == (
        len(alertmanager_standin.alerts),
        len(slack.in_channel("#aeef-incidents")),
        len(jira.issues),
    )
    assert ROUTING_KEY not in str(reached)


def test_a_page_that_nobody_takes_is_sent_when_a_channel_is_back(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """The sweep tries again and again; in the end exactly one page is out."""
    for standin in (pagerduty, slack):
        standin.fail_with(400, times=None)
    intake = start_intake(pagerduty, slack, timing=SWEEPING, paging={"refused_wait": 0})
    ids = [intake.report(service=f"s{number}") for number in range(3)]
    wait_until(lambda: min(triggers(pagerduty).get(each, 0) for each in ids) > 2)

    assert all(["incident opened from api"] == intake.actions(each) for each in ids)
    pagerduty.recover()
    wait_until(lambda: done(intake, ids))
    assert dict.fromkeys(ids, 1) == {k: len(a.events) for k, a in pagerduty.alerts.items()}
    assert 3 == pagerduty.pages


def test_a_page_that_was_cut_off_is_not_counted_as_sent(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """PagerDuty took it and the connection broke: it is sent again, under the same key."""
    pagerduty.accept_then_drop(times=3)
    intake = start_intake(pagerduty, timing=SWEEPING)
    incident_id = intake.report()
    wait_until(lambda: done(intake, [incident_id]))

    assert 1 == pagerduty.pages
    assert intake.actions(incident_id)[-1].startswith("paged on-call by PagerDuty; it took ")


def test_a_door_that_died_with_the_page_in_hand_is_taken_over(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """When its lease has ended, the sweep of another intake sends the page."""
    first = start_intake(pagerduty)
    incident_id = first.report(severity="P3")
    key = "page:P2:raised"
    first.store.claim(incident_id, key, "door that died", timedelta(seconds=0.2))
    first.report(severity="P2")
    start_intake(pagerduty, timing=SWEEPING)
    wait_until(lambda: done(first, [incident_id], "P2:raised"))

    assert {f"{incident_id}:P2:raised": 1} == triggers(pagerduty)
    assert 2 == first.store.claims(incident_id)[key].attempts


def test_nobody_can_be_paged_is_said_loudly(start_intake: StartIntake) -> None:
    """Without any channel the record says so, and nothing is tried for ever."""
    intake = start_intake(timing=SWEEPING)
    incident_id = intake.report()
    wait_until(lambda: done(intake, [incident_id]))

    assert intake.actions(incident_id)[-1].startswith("NOBODY WAS PAGED: no channel")


def test_two_doors_send_one_page(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Two intakes on one store, both reported to, both sweeping."""
    intakes = [start_intake(pagerduty, timing=SWEEPING) for _ in range(2)]
    ids = {intake.report(service=f"s{n}") for n in range(10) for intake in intakes}
    wait_until(lambda: done(intakes[0], ids))

    assert dict.fromkeys(ids, 1) == triggers(pagerduty)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_stumbling_pagerduty_is_asked_again_at_once(
    intake: Intake, pagerduty: PagerDuty, status: int
) -> None:
    """A short outage of PagerDuty causes no page by another channel."""
    pagerduty.fail_with(status, times=1)
    incident_id = intake.report()
    wait_until(lambda: done(intake, [incident_id]))

    assert "paged on-call by PagerDuty" == intake.actions(incident_id)[-1]
    assert 1 == pagerduty.pages


def test_resolving_between_the_look_and_the_claim_leaves_nothing_ringing(
    intake: Intake, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever claims the page looks again: an incident that is over by then is not paged."""
    incident_id = intake.report(severity="P3")
    claim = intake.store.claim

    def slowly(incident: UUID, key: str, holder: str, lease: timedelta) -> Any:
        resolve(intake, incident_id)
        return claim(incident, key, holder, lease)

    monkeypatch.setattr(intake.store, "claim", slowly)
    page = ensure_page(incident_id, intake.settings, holder="slow", key=f"page:{Severity.P3}")

    assert page is None
    assert {} == triggers(pagerduty)
    assert "free" == intake.store.claims(incident_id)["page:P3"].state


def resolve(intake: Intake, incident_id: str) -> None:
    """Another process ends the incident."""
    intake.store.set_status(incident_id, Status.RESOLVED, actor="someone")
