"""What is safe to go on with after a crash goes on by itself, and nothing is done twice."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from deployments.registry.owner import NO_HEARTBEAT
from fixtures.stack import Stack
from processes.killing import kill_worker
from samples.gates import Gates
from support import command_of

GOES_ON = "it goes on where it stopped, take-over"


def went_on(stack: Stack, incident_id: str, times: int = 1) -> None:
    """Done by itself, once, with nobody called, and on record why."""
    stack.wait_for(lambda: stack.state(incident_id) == "done")
    assert "mitigated" == stack.incident(incident_id)["status"]
    assert [] == stack.handed_over(incident_id)
    actions = stack.actions(incident_id)
    assert times == sum(GOES_ON in each for each in actions), actions
    assert len(actions) == len(set(actions))
    assert 1 == len(stack.pagerduty.alerts[incident_id].events)


def rolled_back_once(gates: Gates, incident_id: str) -> None:
    """The deployment ran to its end once, and the history has one rollback."""
    assert 1 == gates.times_run("deploy")
    rollbacks = json.loads(gates.target.history_path.read_text())["rollbacks"]
    assert [incident_id] == [entry["incidentId"] for entry in rollbacks]


@contextmanager
def held(stack: Stack, tmp_path: Path, name: str) -> Iterator[tuple[Gates, str]]:
    """A rollback that waits in the middle of its deployment, and its incident."""
    gates = Gates(tmp_path / name, name)
    stack.configure(gates.target)
    gates.close("deploy")
    try:
        incident_id = stack.report(gates.target.name)
        stack.wait_for(lambda: gates.is_reached("deploy"))
        yield gates, incident_id
    finally:
        gates.open("deploy")


def test_a_rollback_whose_process_is_killed_goes_on_by_itself(stack: Stack, tmp_path: Path) -> None:
    """`kill -9` in the middle of the deployment: another process completes it."""
    with held(stack, tmp_path, "process-killed") as (gates, incident_id):
        run_id = stack.run_id(incident_id)
        psutil.Process(stack.wait_for(partial(_process_of, stack, run_id, gates))).kill()
        gates.open("deploy")

        went_on(stack, incident_id)

    rolled_back_once(gates, incident_id)


def test_a_rollback_whose_worker_is_killed_goes_on_by_itself(stack: Stack, tmp_path: Path) -> None:
    """The next start of the worker knows whose run it was: nobody waits for a heartbeat."""
    with held(stack, tmp_path, "worker-killed") as (gates, incident_id):
        kill_worker(stack)
        gates.open("deploy")

        went_on(stack, incident_id)

    rolled_back_once(gates, incident_id)


def test_a_run_that_was_pending_when_its_worker_died_goes_on_by_itself(
    stack: Stack, tmp_path: Path
) -> None:
    """Killed after it took the run, and before the run began."""
    gates = Gates(tmp_path, "pending")
    stack.configure(gates.target)
    [parent] = [
        each for each in stack.worker.children() if "deployments.worker.parent" in command_of(each)
    ]
    parent.send_signal(signal.SIGSTOP)
    incident_id = stack.report(gates.target.name)
    run = stack.wait_for(lambda: _run_of(stack, incident_id, "PENDING"))

    kill_worker(stack)

    went_on(stack, incident_id)
    assert run == stack.run_id(incident_id), "the same run"
    rolled_back_once(gates, incident_id)


def test_a_run_that_lives_is_not_taken_over(stack: Stack, tmp_path: Path) -> None:
    """Its heartbeats came late, and Prefect took it for dead: its worker puts that right."""
    with held(stack, tmp_path, "late-heartbeats") as (gates, incident_id):
        run_id = stack.run_id(incident_id)
        pid = stack.wait_for(partial(_process_of, stack, run_id, gates))
        state = {"type": "CRASHED", "name": "Crashed", "message": NO_HEARTBEAT}
        body = {"state": state, "force": True}
        stack.prefect("POST", f"/flow_runs/{run_id}/set_state", json=body)

        stack.wait_for(lambda: stack.run(run_id)["state_type"] == "RUNNING")
        gates.open("deploy")

        went_on(stack, incident_id, times=0)

    assert str(pid) == stack.run(run_id)["infrastructure_pid"], "nobody else began it"
    rolled_back_once(gates, incident_id)


@pytest.mark.proves("REQ-009-07")
def test_a_run_that_dies_again_and_again_calls_a_person(stack: Stack, tmp_path: Path) -> None:
    """Three times it goes on by itself; then the on-call is paged, and Retry goes on from there."""
    with held(stack, tmp_path, "dies-again") as (gates, incident_id):
        run_id = stack.run_id(incident_id)
        for _ in range(4):
            pid = stack.wait_for(partial(_process_of, stack, run_id, gates))
            psutil.Process(pid).kill()
            gates.forget("deploy")

        [page] = stack.wait_for(lambda: stack.handed_over(incident_id))

    assert f"automation FAILED, take over: run {run_id} ended as Crashed" in page
    assert 3 == sum(GOES_ON in each for each in stack.actions(incident_id))
    stack.press_retry(run_id)
    stack.wait_for(lambda: stack.state(incident_id) == "done")
    rolled_back_once(gates, incident_id)


def _process_of(stack: Stack, run_id: str, gates: Gates) -> int | None:
    """The process of a run that waits in its deployment."""
    run = stack.run(run_id)
    is_there = run["state_type"] == "RUNNING" and gates.is_reached("deploy")
    # A run says it with its name, a moment after it began; until then there is that of before.
    pid = int(run["infrastructure_pid"] or 0)
    return pid if is_there and pid and psutil.pid_exists(pid) else None


def test_what_a_person_cancelled_is_left_and_said(stack: Stack, tmp_path: Path) -> None:
    """It is not taken over; the record says what was done, and what was under way."""
    with held(stack, tmp_path, "cancelled") as (gates, incident_id):
        run_id = stack.run_id(incident_id)
        state = {"type": "CANCELLING", "name": "Cancelling"}
        stack.prefect("POST", f"/flow_runs/{run_id}/set_state", json={"state": state})

        [page] = stack.wait_for(lambda: stack.handed_over(incident_id))

    assert f"automation STOPPED, take over: run {run_id} was cancelled in Prefect" in page
    [said] = [each for each in stack.actions(incident_id) if each.startswith(f"run {run_id} was")]
    assert "completed: choose release" in said
    assert "begun and not completed: deploy release" in said
    assert 0 == gates.times_run("deploy")
    assert not any(GOES_ON in each for each in stack.actions(incident_id))


def _run_of(stack: Stack, incident_id: str, state: str) -> str | None:
    body = {"flow_runs": {"state": {"type": {"any_": [state]}}}}
    runs = stack.prefect("POST", "/flow_runs/filter", json=body)
    found = (each for each in runs if incident_id in json.dumps(each["parameters"]))
    return next((str(each["id"]) for each in found), None)
