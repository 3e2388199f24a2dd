"""The main job: a real Alertmanager's alert, a page, and a proven rollback, on real parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.stack import Stack, ready, running_stack
from samples.compose import both_composes
from samples.targets import ComposeSample, command_target
from schemas.validation import validate
from standins.real.alertmanager import RealAlertmanager, webhook_receiver


@pytest.fixture(scope="module", params=["on", "off"], ids=lambda choice: f"patches-{choice}")
def _any_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    if request.param == "on":
        yield request.getfixturevalue("shared_stack").get()
        return
    home = tmp_path_factory.mktemp("without-patches") / "home"
    with running_stack(home, AEEF_PREFECT_PATCHES="off") as without:
        yield without


@pytest.fixture
def any_stack(_any_stack: Stack) -> Iterator[Stack]:
    """The running system, and one in which nothing of Prefect's is replaced."""
    yield from ready(_any_stack)


@pytest.fixture
def alertmanager(any_stack: Stack, tmp_path: Path) -> Iterator[RealAlertmanager]:
    """Debian's Alertmanager, with our intake as its receiver."""
    receiver = webhook_receiver(f"{any_stack.url}/v1/alertmanager", any_stack.token)
    with RealAlertmanager(tmp_path / "am", receiver) as real:
        yield real


@pytest.mark.proves(
    "SPEC-TYPE-deployment-failure-response", "REQ-010-12", "REQ-010-14", "IR-CONTAIN"
)
@both_composes
def test_a_failed_deployment_is_paged_rolled_back_and_on_record(
    any_stack: Stack, compose_sample: ComposeSample, alertmanager: RealAlertmanager
) -> None:
    """Alertmanager fires; the application serves the good release; one page, one message."""
    stack = any_stack
    service = compose_sample.target.name
    stack.configure(compose_sample.target)
    labels = {"alertname": "DeployFailed", "severity": "critical", "service": service}
    assert httpx.get(f"{compose_sample.url}/version").text == "bad"

    began = datetime.now(UTC)
    alertmanager.fire(labels, "the newest release fails its health check", began)
    incident_id = stack.wait_for(lambda: stack.incident_of(service))
    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    assert "good" == httpx.get(f"{compose_sample.url}/version").text
    record = stack.incident(incident_id)
    validate("incident", record)
    assert ("P1", "mitigated") == (record["severity"], record["status"])
    alert = stack.pagerduty.alerts[incident_id]
    assert ["trigger"] == [event["event_action"] for event in alert.events]
    assert "critical" == alert.payload["severity"]
    messages = [m for m in stack.slack.in_channel("aeef-incidents") if service in str(m.blocks)]
    assert 1 == len(messages)
    told = stack.slack.in_thread(messages[0].ts)
    assert 1 == len(told), told
    assert "mitigated" in told[0].text
    guessed = "deployment-failure (guessed from 'deploy failed' in the name DeployFailed)"
    assert {f"working on it\n{guessed}"} == {said_in(each) for each in messages[0].before}
    assert said_in(messages[0].blocks).endswith(guessed)
    assert f"rolled {service} back from" in said_in(messages[0].blocks)
    assert said_in(messages[0].blocks).startswith("done:\n• chose ")
    assert 0 == stack.command("audit", "verify").returncode

    # The alert re-sent 20 times changes nothing but the timeline, once: the service is well.
    for _ in range(20):
        again = alertmanager.last_webhook(labels, began)
        answer = stack.ask("POST", "/v1/alertmanager", json=again).json()
        assert [incident_id] == [each["incidentId"] for each in answer["incidents"]]
    assert record == stack.incident(incident_id)
    assert ["trigger"] == [event["event_action"] for event in alert.events]
    shown = json.loads(stack.command("incidents", "show", incident_id, "--json").stdout)
    repeated = [entry for entry in shown["timeline"] if "repeated" in entry["action"]]
    assert 1 == len(repeated)
    path = f"/incidents/{incident_id}/look"
    seen = stack.wait_for(lambda: stack.ask("GET", path).json()["last"])
    assert ("well", False) == (seen["verdict"], seen["isRelapse"])

    # Its end is proposed; a person resolves it, and with it the page.
    alertmanager.fire(labels, "over", began, ended=datetime.now(UTC))
    stack.wait_for(lambda: any("says that it is over" in a for a in stack.actions(incident_id)))
    assert "resolved" != alert.state
    what = ("--disposition", "fixed", "--root-cause", "a bad release")
    assert 0 == stack.command("resolve", incident_id, *what).returncode
    stack.wait_for(lambda: alert.state == "resolved")
    assert "resolved" == stack.incident(incident_id)["status"]
    stack.wait_for(lambda: len(stack.slack.in_thread(messages[0].ts)) == 3)
    assert 0 == stack.command("audit", "verify").returncode


def test_a_new_user_sees_the_steps_live_and_then_where_to_look(
    any_stack: Stack, tmp_path: Path
) -> None:
    """`aeef report … --wait` shows what is done, and ends with the link to its page."""
    stack = any_stack
    target = command_target(tmp_path).model_copy(update={"name": "fresh", "services": ()})
    stack.configure(target)

    shown = stack.command("report", "deployment-failure", "--service", "fresh", "--wait")

    assert 0 == shown.returncode, shown.stderr + stack.logs()
    steps, end = shown.stdout.split("runbook: done\n")
    for said in ("incident opened", "paged on-call by PagerDuty", "rolled fresh back", "mitigated"):
        assert said in steps
    assert end.startswith(f"see {stack.url}/incidents/")


@pytest.mark.proves(
    "SPEC-P1-channel", "SPEC-P2-channel", "SPEC-P3-channel", "SPEC-P4-channel", "IR-NOTIFY"
)
def test_every_severity_reaches_whom_its_row_names(any_stack: Stack) -> None:
    """P1 and P2 page, P3 makes a ticket, P4 is logged; each posts to the channel of the table."""
    stack = any_stack
    expected = {
        "P1": (True, "aeef-incidents", 0),
        "P2": (True, "aeef-incidents", 0),
        "P3": (False, "aeef-warnings", 1),
        "P4": (False, "aeef-info", 0),
    }
    ids = {
        severity: stack.report(f"row-{severity}", severity, type="unknown", description=severity)
        for severity in expected
    }

    for severity, (paged, channel, tickets) in expected.items():
        incident_id = ids[severity]
        assert "done" == stack.wait_until_over(incident_id), stack.logs()

        assert paged == (incident_id in stack.pagerduty.alerts)
        posts = [m for m in stack.slack.in_channel(channel) if f"row-{severity}" in str(m.blocks)]
        assert 1 == len(posts)
        labels = [issue.fields["labels"] for issue in stack.jira.issues]
        assert tickets == sum(f"aeef-{incident_id}" in each for each in labels)
        run = stack.run(stack.run_id(incident_id))
        assert re.fullmatch(rf"{severity} unknown row-{severity} #[1-9]\d*", run["name"])
        assert {"aeef", severity, "unknown"} <= set(run["tags"])
        found = stack.prefect(
            "POST", "/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
        )
        reports = [each for each in found if each["key"] == f"incident-{incident_id}"]
        assert 1 == len(reports)
        assert "What was done" in reports[0]["data"]


def test_logs_and_doctor_say_which_patches_are_active(any_stack: Stack) -> None:
    """The first line of the server's log, and of the worker's; one line of `aeef doctor`."""
    are_on = any_stack.env.get("AEEF_PREFECT_PATCHES") != "off"
    started = {"worker": "task-events", "prefect-server": "sqlite-thread"}
    for program, patch in started.items():
        first = (any_stack.home / "logs" / f"{program}.log").read_text().splitlines()[0]
        active, _, off = first.removeprefix("Prefect patches: ").partition("; turned off: ")
        assert (are_on, not are_on) == (patch in active, patch in off)

    findings = json.loads(any_stack.command("doctor", "--json").stdout)

    [found] = [each["detail"] for each in findings if each["check"] == "Prefect patches"]
    assert are_on == ("run: heartbeats, task-events" in found)
    assert are_on != ("task-events is not: turned off" in found)


def test_prefects_engine_sends_the_heartbeats_where_we_do_not(any_stack: Stack) -> None:
    """The engine sends one whenever a run starts; the worker one for all runs, every 30 s.

    So of two short runs after each other, the worker's can meet one at most.
    """

    def told(incident_id: str) -> list[str]:
        resource = {"id": [f"prefect.flow-run.{any_stack.run_id(incident_id)}"]}
        body = {"filter": {"resource": resource}}
        events = any_stack.prefect("POST", "/events/filter", json=body)["events"]
        return [event["event"] for event in events]

    def has_a_heartbeat(service: str) -> bool:
        incident_id = any_stack.report(service, "P4", type="unknown", description="short")
        assert "done" == any_stack.wait_until_over(incident_id), any_stack.logs()
        any_stack.wait_for(lambda: "prefect.flow-run.Completed" in told(incident_id))
        return "prefect.flow-run.heartbeat" in told(incident_id)

    by_the_engine = any_stack.env.get("AEEF_PREFECT_PATCHES") == "off"
    assert by_the_engine == all([has_a_heartbeat("beats"), has_a_heartbeat("beats-again")])


def test_anyone_may_emit_the_event_themselves(stack: Stack) -> None:
    """A foreign event with our alert JSON opens the record, pages, and starts one run."""
    event = {
        "occurred": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "event": "aeef.incident.detected",
        "id": "00000000-0000-4000-8000-0000000000fe",
        "resource": {"prefect.resource.id": "aeef.incident.foreign", "aeef.type": "unknown"},
        "related": [],
        "payload": {"severity": "P2", "service": "foreign", "description": "from another flow"},
    }

    stack.prefect("POST", "/events", json=[event])
    incident_id = stack.wait_for(lambda: stack.incident_of("foreign"))

    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    assert incident_id in stack.pagerduty.alerts


def said_in(blocks: list[dict[str, Any]]) -> str:
    """What a message says was done."""
    return str(blocks[1]["text"]["text"]).partition("*Auto-response:* ")[2]


@pytest.mark.parametrize("alert", ["it is broken", None, ["shop"]])
def test_a_run_that_a_person_starts_with_anything_becomes_an_incident(
    stack: Stack, alert: object
) -> None:
    """The on-call is paged, and the run's message says what was wrong with it."""
    found = stack.prefect("GET", "/deployments/name/triage/respond")
    path, body = f"/deployments/{found['id']}/create_flow_run", {"parameters": {"alert": alert}}

    run_id = stack.prefect("POST", path, json=body)["id"]

    stack.wait_for(lambda: stack.run(run_id)["state_type"] == "FAILED")
    assert "not a valid alert: alert: Input should be" in stack.run(run_id)["state"]["message"]
    assert any(key.endswith(f":failed:{run_id}") for key in stack.pagerduty.alerts)
