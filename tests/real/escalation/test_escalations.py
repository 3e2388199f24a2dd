"""Nobody took it: the next is called, at their own address, whatever Prefect does (it is away)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, update

from deployments.intake.beside.escalations import Escalations
from fixtures.intake import AT_ONCE, QUICK, Intake, StartIntake
from schemas.escalation import EscalationState
from schemas.incident import ESCALATED, Incident, Severity, Status
from schemas.model import utc_now
from standins.pagerduty import LEAD_KEY, ROUTING_KEY, VP_KEY, PagerDuty
from standins.phone_tree import Addresses
from standins.slack import Slack
from support import wait_until
from tasks.base.storable import moment_text
from tasks.channels.slack.message import ensure_message
from tasks.notify.page_on_call import ensure_page
from tasks.store import Moved
from tasks.store.database.tables import escalations

GRACE = "U000GRACE"
CONTACTS = {
    "vp-engineering": {"pagerduty_routing_key": VP_KEY, "slack": GRACE},
    "team-lead": {"pagerduty_routing_key": LEAD_KEY},
}
SOON, LATER = timedelta(seconds=0.4), timedelta(hours=1)
FAST = QUICK._replace(escalate=0.05, watch=0.05)


@pytest.fixture
def start_intake(start_intake: StartIntake) -> StartIntake:
    """One that looks at escalations all the time."""
    return partial(start_intake, timing=FAST)


def routes(
    *levels: tuple[str, timedelta], repeat: timedelta | None = None, **changes: Any
) -> dict[str, Any]:
    """The route of P1 with these levels."""
    escalation = [{"to": to, "after": after} for to, after in levels]
    return {"P1": {"escalation": escalation, "escalation_repeat": repeat, **changes}}


LADDER = routes(("Team lead", SOON), ("VP Engineering", 2 * SOON))


def alerts_of(pagerduty: PagerDuty, incident_id: str) -> Mapping[str, str]:
    """What rings of an incident: the subject, and whose key rang."""
    return {
        key.removeprefix(incident_id).lstrip(":"): alert.routed
        for key, alert in pagerduty.alerts.items()
        if key.startswith(incident_id)
    }


def state_of(intake: Intake, incident_id: str) -> EscalationState:
    """How far its escalation is."""
    found = intake.store.escalations.state(incident_id)
    assert found is not None
    return found


def planned(intake: Intake, incident_id: str) -> EscalationState:
    """Its state as soon as the intake has seen that nothing is due now."""

    def look() -> bool:
        due = state_of(intake, incident_id).due_at
        return due is None or due > utc_now()

    wait_until(look)
    return state_of(intake, incident_id)


def overdue(intake: Intake, incident_id: str, by: timedelta) -> None:
    """As if it had begun, or had been taken, so much earlier."""
    found = state_of(intake, incident_id)

    from tasks.store.database.tables import escalations

    earlier = {"began_at": moment_text(found.began_at - by), "due_at": moment_text(utc_now())}
    if found.taken_at:
        earlier["taken_at"] = moment_text(found.taken_at - by)
    intake.store._database.write(  # noqa: SLF001 - time cannot be made to pass otherwise
        lambda connection: connection.execute(
            update(escalations).where(escalations.c.incident_id == incident_id).values(**earlier)
        )
    )


@pytest.mark.proves("SPEC-P1-escalation", "SPEC-P2-escalation", "IR-ACKNOWLEDGE")
def test_each_level_rings_at_its_own_address_exactly_in_time(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """The lead, then the VP, under their own routing keys; then nobody, as nothing repeats."""
    intake = start_intake(pagerduty, contacts=CONTACTS, routes=LADDER)
    incident_id = intake.report()
    wait_until(lambda: 3 == len(alerts_of(pagerduty, incident_id)))
    wait_until(lambda: state_of(intake, incident_id).due_at is None)

    assert alerts_of(pagerduty, incident_id) == {
        "": ROUTING_KEY,
        "escalation:P1:1:to:team-lead": LEAD_KEY,
        "escalation:P1:2:to:vp-engineering": VP_KEY,
    }
    said = [each for each in intake.actions(incident_id) if "not acknowledged" in each]
    assert said == [
        "paged team-lead by PagerDuty (not acknowledged within 0.4 s: Team lead is to take it)",
        "paged vp-engineering by PagerDuty"
        " (not acknowledged within 0.8 s: VP Engineering is to take it)",
    ]
    began = state_of(intake, incident_id).began_at
    moments = [
        action.timestamp - began
        for action in intake.store.incident(incident_id).actions_taken
        if "not acknowledged" in action.action
    ]
    assert [True, True] == [m >= due for m, due in zip(moments, (SOON, 2 * SOON), strict=True)]
    events = [each.event for each in intake.store.lease_events("test")]
    assert 2 == events.count(ESCALATED)


def test_it_goes_on_until_somebody_takes_it(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Again and again, each time under a new key; `ack` ends it, and what rings."""
    intake = start_intake(
        pagerduty, contacts=CONTACTS, routes=routes(("VP Engineering", SOON), repeat=SOON)
    )
    incident_id = intake.report()
    wait_until(lambda: 4 <= len(alerts_of(pagerduty, incident_id)))
    intake.store.acknowledge(incident_id, actor="ada")
    found = planned(intake, incident_id)
    rung = len(alerts_of(pagerduty, incident_id))

    assert ("ada", timedelta(hours=4)) == (
        found.taken_by,
        (found.due_at or utc_now()) - found.began_at,
    )
    assert {ROUTING_KEY, VP_KEY} == set(alerts_of(pagerduty, incident_id).values())
    again = intake.report(service="other")
    wait_until(lambda: 3 <= len(alerts_of(pagerduty, again)))
    assert rung == len(alerts_of(pagerduty, incident_id))


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_what_is_over_calls_nobody(
    start_intake: StartIntake, pagerduty: PagerDuty, status: Status
) -> None:
    """But what was mitigated by automation does: nobody says that they have seen it."""
    intake = start_intake(pagerduty, contacts=CONTACTS, routes=LADDER)
    over, mitigated = intake.report(service="a"), intake.report(service="b")
    intake.store.set_status(over, status, actor="ada")
    intake.store.set_status(mitigated, Status.MITIGATED, actor="aeef-runbooks")
    wait_until(lambda: 3 == len(alerts_of(pagerduty, mitigated)))
    wait_until(lambda: state_of(intake, over).due_at is None)

    assert {""} >= set(alerts_of(pagerduty, over))


def test_a_severity_that_rises_is_taken_anew(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Who took P2 did not take P1: a page and levels under new keys; the status stays."""
    levels = {**LADDER, "P2": {"escalation": [{"to": "Team lead", "after": LATER}]}}
    intake = start_intake(pagerduty, contacts=CONTACTS, routes=levels)
    incident_id = intake.report(service="shop", severity="P2")
    intake.store.acknowledge(incident_id, actor="ada")
    assert incident_id == intake.report(service="shop", severity="P1")
    wait_until(lambda: "escalation:P1:2:to:vp-engineering" in alerts_of(pagerduty, incident_id))

    assert Status.INVESTIGATING is intake.store.incident(incident_id).status
    assert "P1:raised" in alerts_of(pagerduty, incident_id)
    intake.store.acknowledge(incident_id, actor="bob")
    assert ["acknowledged; status: open → investigating", "acknowledged"] == [
        each for each in intake.actions(incident_id) if "acknowledged" in each and "(" not in each
    ]
    assert "bob" == state_of(intake, incident_id).taken_by


def test_a_relapse_begins_anew(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Who took the first occurrence did not take the second."""
    intake = start_intake(pagerduty, contacts=CONTACTS, routes=LADDER)
    incident_id = intake.report()
    intake.store.acknowledge(incident_id, actor="ada")
    intake.store.set_status(incident_id, Status.MITIGATED, actor="ada")
    intake.store.relapse(incident_id, "seen broken", actor="bob")
    key = "escalation:P1:2:to:vp-engineering:occurrence-2"
    wait_until(lambda: key in alerts_of(pagerduty, incident_id))

    assert not [each for each in alerts_of(pagerduty, incident_id) if each.endswith("lead")]


def test_a_contact_without_an_address_is_named_to_the_on_call(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """The on-call is paged under the level's own key, and what is missing is said."""
    intake = start_intake(pagerduty, routes=routes(("VP Engineering", SOON)))
    incident_id = intake.report()
    wait_until(lambda: "escalation:P1:1" in alerts_of(pagerduty, incident_id))

    summary = pagerduty.alerts[f"{incident_id}:escalation:P1:1"].payload["summary"]
    assert "VP Engineering is to take it" in summary
    assert "no contact 'vp-engineering' with an address is configured" in summary
    assert ROUTING_KEY == alerts_of(pagerduty, incident_id)["escalation:P1:1"]


def test_a_contact_who_is_out_of_reach_is_tried_again_and_the_on_call_told(
    start_intake: StartIntake,
    pagerduty: PagerDuty,
    addresses: Addresses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their phone service is away; it is called when it is back."""
    monkeypatch.setattr("deployments.intake.beside.escalations.TRY_AGAIN", timedelta(seconds=0.1))
    addresses.fail_with(500, times=None)
    contacts = {"vp-engineering": {"urls": [addresses.address("ntfy", "vp")]}}
    intake = start_intake(pagerduty, contacts=contacts, routes=routes(("VP Engineering", SOON)))
    incident_id = intake.report()
    wait_until(lambda: "escalation:P1:1" in alerts_of(pagerduty, incident_id))
    summary = pagerduty.alerts[f"{incident_id}:escalation:P1:1"].payload["summary"]
    assert "VP Engineering could not be reached yet" in summary
    wait_until(lambda: len(addresses.requests) > 2)
    addresses.recover()
    wait_until(lambda: state_of(intake, incident_id).due_at is None)

    assert 1 == sum("paged vp-engineering by phone" in each for each in intake.actions(incident_id))


def test_a_contact_in_slack_is_written_to_and_the_thread_says_it(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """It rings nobody, and the record says so."""
    slack.channels[GRACE] = GRACE
    slack.members.add(GRACE)
    intake = start_intake(
        pagerduty,
        slack,
        contacts={"vp-engineering": {"slack": GRACE}},
        routes=routes(("VP Engineering", LATER)),
    )
    incident_id = intake.report()
    planned(intake, incident_id)
    ensure_message(intake.store.incident(incident_id), intake.settings, holder="test")
    overdue(intake, incident_id, LATER)
    wait_until(lambda: state_of(intake, incident_id).due_at is None)

    said = "told vp-engineering by Slack, which rings nobody (not acknowledged within 1 h"
    assert any(each.startswith(said) for each in intake.actions(incident_id))
    [message] = slack.in_channel("#aeef-incidents")
    [letter] = slack.in_channel(GRACE)
    assert letter.text.startswith("P1 unknown service #1: not acknowledged within 1 h")
    assert intake.settings.base_url in letter.text
    assert any("VP Engineering is to take it" in m.text for m in slack.in_thread(message.ts))


@pytest.mark.proves("IR-MITIGATE")
def test_mitigation_that_is_late_is_asked_about_then_the_levels_are_called(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Who took it is asked at their own address; `ack` answers, silence calls the next."""
    contacts = {**CONTACTS, "ada": {"pagerduty_routing_key": LEAD_KEY, "person": "ada"}}
    intake = start_intake(
        pagerduty,
        contacts=contacts,
        routes=routes(
            ("VP Engineering", timedelta(minutes=15)), mitigate_within=timedelta(hours=4)
        ),
    )
    incident_id = intake.report()
    intake.store.acknowledge(incident_id, actor="ada")
    planned(intake, incident_id)
    overdue(intake, incident_id, timedelta(hours=4))
    wait_until(lambda: "still-on-it:P1:1:1:to:ada" in alerts_of(pagerduty, incident_id))
    planned(intake, incident_id)
    intake.store.acknowledge(incident_id, actor="ada")
    assert "acknowledged again: still on it" == intake.actions(incident_id)[-1]
    planned(intake, incident_id)
    overdue(intake, incident_id, timedelta(hours=4, minutes=15))
    last = "still-on-it:P1:2:2:to:vp-engineering"
    wait_until(lambda: state_of(intake, incident_id).done == 1)
    overdue(intake, incident_id, timedelta(minutes=15))
    wait_until(lambda: last in alerts_of(pagerduty, incident_id))

    asked = pagerduty.alerts[f"{incident_id}:still-on-it:P1:1:1:to:ada"]
    assert LEAD_KEY == asked.routed
    assert "still on it? ada took it at" in asked.payload["summary"]
    called = pagerduty.alerts[f"{incident_id}:{last}"]
    assert (
        "not mitigated within 4 h, and ada, who took it, says nothing" in called.payload["summary"]
    )


def test_two_intakes_call_once(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Some incidents, two intakes on one store."""
    intakes = [start_intake(pagerduty, contacts=CONTACTS, routes=LADDER) for _ in range(2)]
    ids = [intakes[0].report(service=f"s{n}") for n in range(4)]
    wait_until(lambda: all(3 == len(alerts_of(pagerduty, each)) for each in ids))
    wait_until(lambda: all(state_of(intakes[0], each).due_at is None for each in ids))

    assert 12 == pagerduty.pages
    assert {1} == {len(alert.events) for alert in pagerduty.alerts.values()}


def test_what_another_intake_began_and_died_over_is_taken_over(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """When its lease has ended; and nothing is missed while no intake runs."""
    first = start_intake(pagerduty, contacts=CONTACTS, routes=routes(("Team lead", LATER)))
    incident_id = first.report()
    found = planned(first, incident_id)
    lease = timedelta(seconds=0.3)
    [taken] = first.store.escalations.move([Moved(found, 0, utc_now(), lease)])
    overdue(first, incident_id, LATER)
    wait_until(lambda: "escalation:P1:1:to:team-lead" in alerts_of(pagerduty, incident_id))

    assert taken.revision < state_of(first, incident_id).revision


def test_changed_times_count_for_what_is_open(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """An intake that starts looks at everything again."""
    earlier = start_intake(pagerduty, contacts=CONTACTS, timing=FAST._replace(escalate=3600))
    incident_id = earlier.report()
    is_later = Moved(state_of(earlier, incident_id), 0, utc_now() + LATER)
    assert earlier.store.escalations.move([is_later])
    start_intake(pagerduty, contacts=CONTACTS, routes=routes(("VP Engineering", SOON)))

    wait_until(lambda: "escalation:P1:1:to:vp-engineering" in alerts_of(pagerduty, incident_id))


def test_a_step_that_is_late_is_found_paged_and_said(
    start_intake: StartIntake, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop does nothing: the watch pages, health says it, the metric counts it."""
    monkeypatch.setattr(Escalations, "run", lambda _self: None)
    monkeypatch.setattr(
        "deployments.intake.metrics.of_us.USUAL", QUICK._replace(escalation_late=AT_ONCE)
    )
    timing = FAST._replace(escalation_late=AT_ONCE)
    intake = start_intake(pagerduty, contacts=CONTACTS, timing=timing)
    incident_id = intake.report()
    wait_until(lambda: "escalation-late:P1:0" in alerts_of(pagerduty, incident_id))
    wait_until(lambda: "1 escalations are late" in _said(intake))

    assert "aeef_escalations_late 1.0" in intake.ask("GET", "/metrics").text
    assert 2 == len(alerts_of(pagerduty, incident_id))


def _said(intake: Intake) -> str:
    problems: list[str] = intake.ask("GET", "/health").json()["warnings"]
    return next((each for each in problems if "escalation" in each), "")


def test_an_incident_of_an_older_version_gets_its_escalation(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """Its row is missing: the watch begins it."""
    timing = FAST._replace(escalation_late=AT_ONCE)
    intake = start_intake(pagerduty, contacts=CONTACTS, routes=LADDER, timing=timing)
    incident_id = intake.report()
    _forget(intake, incident_id)

    wait_until(lambda: "escalation:P1:1:to:team-lead" in alerts_of(pagerduty, incident_id))


def _forget(intake: Intake, incident_id: str) -> None:
    intake.store._database.write(  # noqa: SLF001
        lambda connection: connection.execute(
            delete(escalations).where(escalations.c.incident_id == incident_id)
        )
    )


def test_who_takes_it_while_the_page_leaves_is_not_rung_on(
    start_intake: StartIntake, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PagerDuty is slow: the acknowledgement comes first, and the level's alert gets it as well."""
    intake = start_intake(pagerduty, contacts=CONTACTS, routes=routes(("Team lead", SOON)))
    incident_id = intake.report()

    def slowly(*arguments: Any, **given: Any) -> Any:
        intake.store.acknowledge(incident_id, actor="ada")
        return ensure_page(*arguments, **given)

    monkeypatch.setattr("tasks.escalation.escalate.ensure_page", slowly)
    key = f"{incident_id}:escalation:P1:1:to:team-lead"
    wait_until(lambda: key in pagerduty.alerts and pagerduty.alerts[key].state == "acknowledged")


@pytest.mark.proves("SPEC-P3-time")
def test_p3_is_reminded_of_on_business_days_and_wakes_nobody(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack
) -> None:
    """In its thread in Slack; not once somebody took it."""
    intake = start_intake(pagerduty, slack)
    incident_id, taken = (intake.report(service=s, severity="P3") for s in ("a", "b"))
    intake.store.acknowledge(taken, actor="ada")
    for each in (incident_id, taken):
        planned(intake, each)
        overdue(intake, each, timedelta(days=4))
    wait_until(lambda: any("reminded in Slack" in a for a in intake.actions(incident_id)))
    wait_until(lambda: state_of(intake, taken).due_at is None)

    said = intake.actions(incident_id)[-1]
    assert "and nobody has taken it (Sprint backlog)" in said
    assert not any("reminded" in each for each in intake.actions(taken))
    assert {} == dict(pagerduty.alerts)
    [message] = slack.in_channel("#aeef-warnings")
    assert any("nobody has taken it" in each.text for each in slack.in_thread(message.ts))


@pytest.mark.proves("SPEC-P4-time")
def test_p4_calls_nobody(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """Nothing is due, ever."""
    intake = start_intake(pagerduty)
    incident_id = intake.report(severity="P4")
    wait_until(lambda: state_of(intake, incident_id).due_at is None)

    incident: Incident = intake.store.incident(incident_id)
    assert Severity.P4 is incident.severity
    assert {} == dict(pagerduty.alerts)
