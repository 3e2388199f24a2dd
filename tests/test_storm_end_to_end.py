"""A storm with a third cancelled, a run killed, and Prefect's server killed: nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from fixtures_stack import Stack
from gates import Gates

SIZE, CANCELLED = 24, 8
HELD = ("goes-on", "killed", "cancelled")
FINAL = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
STORM_SECONDS = 120.0


def test_a_storm_with_everything_against_it_loses_nothing_and_does_nothing_twice(
    stack: Stack, tmp_path: Path
) -> None:
    """Each incident is on record and paged once, and each run's last state tells the truth."""
    began = datetime.now(UTC)
    gates = {name: Gates(tmp_path / name, f"storm-{name}") for name in HELD}
    stack.configure(*(each.target for each in gates.values()))
    for each in gates.values():
        each.close("deploy")

    ids = _storm(stack)
    goes_on, killed, cancelled = ids[: len(HELD)]
    asked = {each: _cancel(stack, each) for each in reversed(ids[-CANCELLED + 1 :])}
    for each in gates.values():
        stack.wait_for(partial(each.is_reached, "deploy"))
    asked[cancelled] = _cancel(stack, cancelled)
    _process(stack, killed).kill()
    stack.child("embedded_server").kill()
    stack.wait_for(partial(_answers, stack), STORM_SECONDS)
    for each in gates.values():
        each.open("deploy")

    stack.wait_for(lambda: not _going_on(stack, began), STORM_SECONDS)
    states = {each: stack.run(stack.run_id(each))["state_type"] for each in ids}
    assert dict.fromkeys(ids, 1) == {each: _pages(stack, each) for each in ids}
    assert set(ids) == {stack.incident(each)["incidentId"] for each in ids}
    for incident_id, state in asked.items():
        assert states[incident_id] in _allowed(state)
    assert ("COMPLETED", "CRASHED", "CANCELLED") == (
        states[goes_on],
        states[killed],
        states[cancelled],
    )
    others = set(ids) - set(asked) - {killed}
    assert {"COMPLETED"} == {states[each] for each in others}
    assert {"done"} == {stack.state(each) for each in ids if states[each] == "COMPLETED"}
    assert 1 == gates["goes-on"].times_run("deploy")
    assert all(each.times_run("deploy") <= 1 for each in gates.values())
    assert 0 == stack.command("audit", "verify").returncode
    assert "database is locked" not in (stack.home / "logs" / "prefect-server.log").read_text()


def _storm(stack: Stack) -> list[str]:
    """Report all at once; the incidents' ids, those first whose rollback is held up."""
    failed = [{"type": "deployment-failure", "service": f"storm-{name}"} for name in HELD]
    unknown = [
        {"type": "unknown", "service": f"judged-{number}", "description": "storm"}
        for number in range(SIZE - len(HELD))
    ]
    alerts = [
        {**alert, "severity": f"P{1 + number % 2}"}
        for number, alert in enumerate([*failed, *unknown])
    ]
    answers = stack.ask("POST", "/v1/alerts", json=alerts).json()["incidents"]
    ids = [str(answer["incidentId"]) for answer in answers]
    assert SIZE == len(set(ids))
    return ids


def _cancel(stack: Stack, incident_id: str) -> str:
    """Cancel the run as the UI does; the state that it has then."""
    run_id = stack.wait_for(lambda: _run_of(stack, incident_id))
    state = {"type": "CANCELLING", "name": "Cancelling"}
    stack.prefect("POST", f"/flow_runs/{run_id}/set_state", json={"state": state})
    return str(stack.run(run_id)["state_type"])


def _allowed(when_asked: str) -> set[str]:
    """A run may come to its end while it is being cancelled."""
    return {"CANCELLED", "COMPLETED"} if when_asked == "CANCELLING" else {when_asked}


def _run_of(stack: Stack, incident_id: str) -> str | None:
    """The flow run, as soon as there is one."""
    run_id = stack.ask("GET", f"/incidents/{incident_id}/runbook").json().get("runId")
    return str(run_id) if run_id else None


def _process(stack: Stack, incident_id: str) -> psutil.Process:
    run = stack.run(stack.run_id(incident_id))
    return psutil.Process(int(run["infrastructure_pid"]))


def _answers(stack: Stack) -> bool:
    """True when Prefect's server does: another one, for the last one is dead."""
    try:
        return bool(stack.prefect("GET", "/health"))
    except httpx.HTTPError:
        return False


def _going_on(stack: Stack, since: datetime) -> list[dict[str, Any]]:
    """The storm's runs that are not in a final state, whoever started them."""
    wanted = {"flow_runs": {"expected_start_time": {"after_": since.isoformat()}}, "limit": 200}
    runs = stack.prefect("POST", "/flow_runs/filter", json=wanted)
    assert len(runs) >= SIZE
    return [run for run in runs if run["state_type"] not in FINAL and not run["auto_scheduled"]]


def _pages(stack: Stack, incident_id: str) -> int:
    """How often PagerDuty was asked to call somebody for the incident itself."""
    events = stack.pagerduty.alerts[incident_id].events
    return [event["event_action"] for event in events].count("trigger")
