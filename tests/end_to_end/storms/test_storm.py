"""A storm, a third cancelled, a run killed, and Prefect's server killed: nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from fixtures.stack import Stack
from samples.gates import Gates

SIZE, CANCELLED = 24, 8
HELD = ("goes-on", "killed", "cancelled")
FINAL = {"COMPLETED", "FAILED", "CANCELLED"}
"""What died goes on by itself."""
STORM_SECONDS = 120.0


def test_a_storm_with_everything_against_it_loses_nothing_and_does_nothing_twice(
    stack: Stack, tmp_path: Path
) -> None:
    """Each incident is on record and paged once, and each run's last state is right."""
    began = datetime.now(UTC)
    gates = {name: Gates(tmp_path / name, f"storm-{name}") for name in HELD}
    stack.configure(*(each.target for each in gates.values()))
    for each in gates.values():
        each.close("deploy")

    ids = _storm(stack)
    goes_on, killed, cancelled = ids[: len(HELD)]
    asked = _cancel_early(stack, ids[-CANCELLED + 1 :], began)
    for each in gates.values():
        stack.wait_for(partial(each.is_reached, "deploy"))
    asked |= _cancel_early(stack, [cancelled], began)
    _process(stack, killed).kill()
    stack.child("prefect_server.embedded").kill()
    stack.wait_for(partial(_answers, stack), STORM_SECONDS)
    for each in gates.values():
        each.open("deploy")

    stack.wait_for(partial(_are_over, stack, began), STORM_SECONDS)
    runs = _runs(stack, began)
    assert set(ids) <= {_incident_of(run) for run in runs}
    states = {_incident_of(run): run["state_type"] for run in runs}
    assert dict.fromkeys(ids, 1) == {each: _pages(stack, each) for each in ids}
    assert set(ids) == {stack.incident(each)["incidentId"] for each in ids}
    for incident_id, state in asked.items():
        assert states[incident_id] in _allowed(state)
    assert ("COMPLETED", "COMPLETED", "CANCELLED") == (
        states[goes_on],
        states[killed],
        states[cancelled],
    )
    assert {"COMPLETED", "CANCELLED"} == {states[each] for each in ids}
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


def _cancel_early(stack: Stack, ids: list[str], since: datetime) -> dict[str, str]:
    """Cancel the runs of these incidents as the UI does, as soon as they are there.

    The state that each has then, by incident.
    """
    asked: dict[str, str] = {}

    def all_are_asked() -> bool:
        for run in _runs(stack, since):
            if (incident_id := _incident_of(run)) in ids and incident_id not in asked:
                state = {"type": "CANCELLING", "name": "Cancelling"}
                path = f"/flow_runs/{run['id']}/set_state"
                answer = stack.prefect("POST", path, json={"state": state})
                asked[incident_id] = (answer["state"] or stack.run(run["id"])["state"])["type"]
        return len(asked) == len(ids)

    stack.wait_for(all_are_asked)
    return asked


def _allowed(when_asked: str) -> set[str]:
    """A run may come to its end while it is being cancelled."""
    return {"CANCELLED", "COMPLETED"} if when_asked == "CANCELLING" else {when_asked}


def _process(stack: Stack, incident_id: str) -> psutil.Process:
    run_id = stack.run_id(incident_id)
    return psutil.Process(int(stack.wait_for(lambda: stack.run(run_id)["infrastructure_pid"])))


def _answers(stack: Stack) -> bool:
    """True when Prefect's server does: another one, for the last one is dead."""
    try:
        return bool(stack.prefect("GET", "/health"))
    except httpx.HTTPError:
        return False


def _runs(stack: Stack, since: datetime) -> list[dict[str, Any]]:
    """The storm's runs, whoever started them; an incident's first run comes last."""
    after = {"expected_start_time": {"after_": since.isoformat()}}
    wanted = {"flow_runs": after, "limit": 200, "sort": "EXPECTED_START_TIME_DESC"}
    runs = stack.prefect("POST", "/flow_runs/filter", json=wanted)
    return [run for run in runs if "alert" in run["parameters"]]


def _incident_of(run: dict[str, Any]) -> str:
    return str(run["parameters"]["alert"]["incidentId"])


def _are_over(stack: Stack, since: datetime) -> bool:
    runs = _runs(stack, since)
    return len(runs) >= SIZE and {run["state_type"] for run in runs} <= FINAL


def _pages(stack: Stack, incident_id: str) -> int:
    """How often PagerDuty was asked to call somebody for the incident itself."""
    events = stack.pagerduty.alerts[incident_id].events
    return [event["event_action"] for event in events].count("trigger")
