"""Drift, end to end: an alert is assessed and routed; the schedule finds it, and its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.stack import Stack
from samples.targets import ComposeSample, command_target, git


@pytest.fixture(autouse=True)
def _no_target_stays(stack: Stack) -> Iterator[None]:
    """Else the scheduled check would find the target of a finished test stopped, and restore it."""
    yield
    stack.forget_targets()


@pytest.mark.proves("SPEC-TYPE-drift-response")
@pytest.mark.parametrize("severity", ["P1", "P2", "P3", "P4"])
def test_an_alert_of_drift_is_assessed_reported_and_escalated_by_its_route(
    stack: Stack, tmp_path: Path, severity: str
) -> None:
    """Every severity has a report on record; P1 and P2 page; only P1 restores the good release."""
    name = f"drift-{severity.lower()}"
    target = command_target(tmp_path).model_copy(update={"name": name, "services": ()})
    stack.configure(target)

    incident_id = stack.report(name, severity, type="drift", description="it drifted")
    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    record = stack.incident(incident_id)
    actions = [each["action"] for each in record["actionsTaken"]]
    assert any(
        action.startswith(f"{name}: drift unknown: it is not deployed") for action in actions
    )
    assert (severity in ("P1", "P2")) == (incident_id in stack.pagerduty.alerts)
    assert (severity == "P3") == any(
        f"aeef-{incident_id}" in issue.fields["labels"] for issue in stack.jira.issues
    )
    assert (severity == "P1") == any(action.startswith(f"rolled {name} back") for action in actions)
    assert ("mitigated" if severity == "P1" else "open") == record["status"]


def test_a_restore_that_would_lose_work_pages_and_retry_completes_it(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """A P1 stops before a local change; once it is stashed, Retry assesses again and restores."""
    name = compose_sample.target.name
    stack.configure(compose_sample.target)
    edited = compose_sample.path / "www" / "version"
    edited.write_text("somebody's work")

    incident_id = stack.report(name, "P1", type="drift")

    assert "failed" == stack.wait_until_over(incident_id), stack.logs()
    said = "\n".join(stack.actions(incident_id))
    assert f"critical: commit changed: {compose_sample.good} → {compose_sample.bad}" in said
    assert "(affects web)" in said
    assert "www/version" in said
    assert "open" == stack.incident(incident_id)["status"]
    assert 1 == len(stack.handed_over(incident_id))
    assert "somebody's work" == edited.read_text()

    git(compose_sample.path, "checkout", "--", "www/version")
    stack.press_retry(stack.run_id(incident_id))
    stack.wait_for(lambda: stack.incident(incident_id)["status"] == "mitigated")
    assert "done" == stack.wait_until_over(incident_id), stack.logs()

    actions = stack.actions(incident_id)
    assert 1 == sum(action.startswith(f"rolled {name} back") for action in actions)
    assert 1 == sum(action.startswith(f"{name}: no drift") for action in actions)
    assert 1 == len(stack.handed_over(incident_id))


def test_the_watch_finds_a_drift_restores_it_and_resolves_its_incident(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """`drift/assess` opens a P1, which is restored; the next pass sees that it is gone."""
    name = compose_sample.target.name
    stack.configure(compose_sample.target)
    asked = stack.command("drift", "--target", name, "--json")
    assert 3 == asked.returncode, asked.stderr
    (report,) = json.loads(asked.stdout)
    assert ("drift", compose_sample.good) == (report["status"], report["commit"])

    _watch(stack)
    incident_id = stack.wait_for(lambda: stack.incident_of(name))
    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    record = stack.incident(incident_id)
    assert ("drift", "P1", "mitigated") == (record["type"], record["severity"], record["status"])
    assert incident_id in stack.pagerduty.alerts
    actions = [each["action"] for each in record["actionsTaken"]]
    assert any(action.startswith(f"rolled {name} back") for action in actions)
    assert any(action.startswith(f"{name}: no drift") for action in actions)
    assert 0 == stack.command("drift", "--target", name).returncode

    _watch(stack)
    stack.wait_for(lambda: stack.pagerduty.alerts[incident_id].state == "resolved")
    assert "resolved" == stack.incident(incident_id)["status"]
    wanted = {"artifacts": {"key": {"like_": name}}}
    keys = {each["key"] for each in stack.prefect("POST", "/artifacts/filter", json=wanted)}
    assert {f"drift-{name}", f"drift-report-{name}"} <= keys
    assert 0 == stack.command("audit", "verify").returncode


def test_the_schedule_follows_its_setting(stack: Stack) -> None:
    """Every 15 minutes unless set otherwise; 0 removes the schedule."""
    for every, expected in (("", [900.0]), ("3600", [3600.0]), ("0", [])):
        ran = stack.command("deploy", PREFECT_API_URL=stack.prefect_api, AEEF_DRIFT__EVERY=every)
        assert 0 == ran.returncode, ran.stderr

        schedules = _deployment(stack)["schedules"]
        assert expected == [each["schedule"]["interval"] for each in schedules if each["active"]]


def test_the_command_line_tells_drift_from_trouble(stack: Stack) -> None:
    """A target that does not exist is one line, and exit code 1."""
    ran = stack.command("drift", "--target", "nowhere")

    assert 1 == ran.returncode
    assert "no target 'nowhere' is configured" in ran.stderr
    assert "Traceback" not in ran.stderr


def _deployment(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.prefect("GET", "/deployments/name/drift/assess")
    return found


def _watch(stack: Stack) -> None:
    """Run `drift/assess`, as its schedule does, to its end."""
    path = f"/deployments/{_deployment(stack)['id']}/create_flow_run"
    run = stack.prefect("POST", path, json={})
    stack.wait_for(lambda: stack.run(run["id"])["state"]["type"] in ("COMPLETED", "FAILED"))
    assert "COMPLETED" == stack.run(run["id"])["state"]["type"], stack.logs()
