"""The warm worker: ready before the run, one process a run, and each end reported right."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployments.prefect_patches.suspension import HEARD
from fixtures.stack import Stack
from processes import flow as sample_flow
from processes.deployment import deployed
from samples.gates import Gates
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from support import ROOT, TESTS, command_of

PACKAGES = ("schemas", "tasks", "flows", "deployments")
PARENT = "deployments.worker.parent"
LIMIT, RESERVED = 3, 1
_GATES: list[Gates] = []


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our code, compiled as it is, so that a test can change it."""
    copy = tmp_path_factory.mktemp("code")
    for package in PACKAGES:
        # But for what another test process compiles just now, under a passing name.
        passing = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(ROOT / package, copy / package, ignore=passing)
    return copy


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory, code: Path) -> Iterator[Stack]:
    """A system with few places, which runs the copy."""
    with PagerDuty() as pagerduty, Slack() as slack, Jira() as jira:
        stack = Stack(tmp_path_factory.mktemp("warm") / "home", pagerduty, slack, jira)
        stack.env |= {
            "PYTHONPATH": f"{code}{os.pathsep}{TESTS}",
            "AEEF_WORKER_LIMIT": str(LIMIT),
            "AEEF_WORKER__RESERVED": str(RESERVED),
            "AEEF_WORKER__PROCESSES": "2",
        }
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


@pytest.fixture(autouse=True)
def _held_runs_go_on() -> Iterator[None]:
    """A test that fails leaves no run behind which would keep a place from the next test."""
    yield
    while _GATES:
        _GATES.pop().open("deploy")


def test_a_run_starts_in_a_process_that_was_ready(warm: Stack, tmp_path: Path) -> None:
    """Its parent is ours, and the process is older than the run."""
    held, incident_id = _held(warm, tmp_path, "ready")

    process = _process(warm, incident_id)

    [parent] = [each for each in warm.worker.children() if _is_ours(each)]
    assert parent.pid == process.ppid()
    assert process.pid == os.getpgid(process.pid)
    held.open("deploy")
    assert "done" == warm.wait_until_over(incident_id)


def test_only_a_process_whose_run_has_completed_runs_another(warm: Stack, tmp_path: Path) -> None:
    """Its process is reused; the process of a failed run ends with it."""
    completed = _process_of_run(warm, tmp_path, "completed")

    again = _process_of_run(warm, tmp_path, "again")

    assert completed == again
    unknown = warm.report("no-such-target", "P2", type="deployment-failure")
    assert "failed" == warm.wait_until_over(unknown)
    failed = int(warm.run(warm.run_id(unknown))["infrastructure_pid"])
    warm.wait_for(lambda: not psutil.pid_exists(failed))


def test_processes_that_are_killed_while_they_wait_are_not_missed(
    warm: Stack, tmp_path: Path
) -> None:
    """The very next run has another one, and ends well."""
    _process_of_run(warm, tmp_path, "before-killed")
    [parent] = [each for each in warm.worker.children() if _is_ours(each)]

    for process in parent.children():
        process.kill()

    incident_id = warm.report("after-killed-ones", "P2", type="unknown", description="next")
    assert "done" == warm.wait_until_over(incident_id)
    warm.wait_for(partial(_is_in, warm, warm.run_id(incident_id), "COMPLETED"))


def test_cancel_stops_that_run_and_no_other(warm: Stack, tmp_path: Path) -> None:
    """One of two is cancelled as the UI does it."""
    gates = {name: _held(warm, tmp_path, name) for name in ("cancelled", "goes-on")}
    [cancelled, goes_on] = [incident_id for _, incident_id in gates.values()]
    process = _process(warm, cancelled)
    run_id = warm.run_id(cancelled)

    state = {"type": "CANCELLING", "name": "Cancelling"}
    warm.prefect("POST", f"/flow_runs/{run_id}/set_state", json={"state": state})

    warm.wait_for(lambda: warm.run(run_id)["state_type"] == "CANCELLED")
    warm.wait_for(lambda: not process.is_running())  # it reports to the server, then it ends
    assert _process(warm, goes_on).is_running()
    gates["goes-on"][0].open("deploy")
    assert "done" == warm.wait_until_over(goes_on)
    assert 0 == gates["cancelled"][0].times_run("deploy")


def test_a_suspended_run_ends_before_its_next_step_and_can_be_resumed(
    warm: Stack, tmp_path: Path
) -> None:
    """Suspended while it deploys: that is finished, the rest is done when it is resumed."""
    held, incident_id = _held(warm, tmp_path, "suspended")
    process, run_id = _process(warm, incident_id), warm.run_id(incident_id)
    details = {"pause_reschedule": True, "pause_timeout": "2099-01-01T00:00:00Z"}
    state = {"type": "PAUSED", "name": "Suspended", "state_details": details}
    warm.prefect("POST", f"/flow_runs/{run_id}/set_state", json={"state": state})
    warm.wait_for(partial(_has_logged, warm, run_id, HEARD))

    held.open("deploy")

    warm.wait_for(lambda: not process.is_running())
    assert _is_in(warm, run_id, "PAUSED")
    assert not any(text.startswith("recorded") for text in warm.actions(incident_id))
    warm.prefect("POST", f"/flow_runs/{run_id}/resume")
    assert "done" == warm.wait_until_over(incident_id)
    assert 1 == held.times_run("deploy")


def test_a_killed_process_is_told_at_once_and_the_next_run_works(
    warm: Stack, tmp_path: Path
) -> None:
    """Crashed, long before its heartbeat is missed; the message says by which signal."""
    held, incident_id = _held(warm, tmp_path, "killed")

    _process(warm, incident_id).kill()

    path = f"/flow_run_states/?flow_run_id={warm.run_id(incident_id)}"
    [crashed] = warm.wait_for(
        lambda: [each for each in warm.prefect("GET", path) if each["type"] == "CRASHED"],
        seconds=20,
    )
    assert "-9" in crashed["message"]
    held.open("deploy")
    after, next_one = _held(warm, tmp_path, "after-killed")
    after.open("deploy")
    assert "done" == warm.wait_until_over(next_one)


def test_a_run_that_goes_on_has_heartbeats(warm: Stack, tmp_path: Path) -> None:
    """From its worker, by the name and with the tag that the automation for dead runs asks for."""
    held, incident_id = _held(warm, tmp_path, "beats")
    resource = {"id": [f"prefect.flow-run.{warm.run_id(incident_id)}"]}
    body = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": resource}}

    [event, *_] = warm.wait_for(
        lambda: warm.prefect("POST", "/events/filter", json=body)["events"], seconds=90
    )

    assert "prefect.tag.aeef" in [each["prefect.resource.id"] for each in event["related"]]
    held.open("deploy")
    assert "done" == warm.wait_until_over(incident_id)


def test_nothing_of_a_run_is_left_for_the_next(warm: Stack, tmp_path: Path) -> None:
    """Variables, directory, context, log handlers, threads: each run finds none of another's."""
    path = f"{deployed(warm, sample_flow.leaves_traces)}/create_flow_run"

    found: list[dict[str, Any]] = []
    for number in range(4):
        told = tmp_path / str(number)
        run = warm.prefect("POST", path, json={"parameters": {"told": str(told)}})
        warm.wait_for(partial(_is_in, warm, run["id"], "COMPLETED"))
        found.append(json.loads(told.read_text()))

    for each in found:
        assert [None, "nothing", [], 0, 0] == [
            each[what] for what in ("variable", "context", "in_directory", "handlers", "threads")
        ]
        assert "by the deployment" == each["given"]
    assert len(found) == len({each["process"] for each in found})
    assert len(found) == len({each["directory"] for each in found})
    assert 1 == len({each["parent"] for each in found})


def test_p1_overtakes_waiting_p4(warm: Stack, tmp_path: Path) -> None:
    """More P4 are due than may run at once: a place is reserved, and P1 gets it at once."""
    path, until = f"{deployed(warm, sample_flow.waits)}/create_flow_run", tmp_path / "go on"
    body = {"parameters": {"alert": {"severity": "P4"}, "until": str(until)}}
    ids = [warm.prefect("POST", path, json=body)["id"] for _ in range(LIMIT + 1)]
    warm.wait_for(lambda: _count(warm, ids, "RUNNING") == LIMIT - RESERVED)

    p1 = warm.report("overtakes", "P1", type="unknown", description="urgent")

    assert "done" == warm.wait_until_over(p1)
    assert LIMIT - RESERVED == _count(warm, ids, "RUNNING")
    until.touch()
    warm.wait_for(lambda: _count(warm, ids, "COMPLETED") == len(ids))


def test_changed_code_is_run_by_new_processes(warm: Stack, tmp_path: Path, code: Path) -> None:
    """A running run keeps its process; the next one has the new code."""
    held, before = _held(warm, tmp_path, "old-code")
    old = _process(warm, before)
    module = code / "flows" / "deployment_failure.py"
    module.write_text(module.read_text() + "\n# changed\n")

    later, after = _held(warm, tmp_path, "new-code")

    new = _process(warm, after)
    assert old.is_running()
    assert old.ppid() != new.ppid()
    for gates, incident_id in ((held, before), (later, after)):
        gates.open("deploy")
        assert "done" == warm.wait_until_over(incident_id)


def test_a_killed_worker_leaves_no_process(warm: Stack, tmp_path: Path) -> None:
    """`kill -9` of the worker ends its runs, too; `aeef up` starts another, which works."""
    held, _ = _held(warm, tmp_path, "worker-killed")
    worker = warm.worker
    ours = [each for each in worker.children(recursive=True) if _is_ours(each)]

    worker.kill()

    _, alive = psutil.wait_procs(ours, timeout=20)
    assert [] == alive
    held.open("deploy")
    warm.wait_for(lambda: _is_there(warm, worker))
    again, next_one = _held(warm, tmp_path, "after-worker")
    again.open("deploy")
    assert "done" == warm.wait_until_over(next_one)


def test_a_server_that_restarts_is_found_again(warm: Stack, tmp_path: Path) -> None:
    """`kill -9` of Prefect's server: the run that goes on ends well, and the next one starts."""
    held, before = _held(warm, tmp_path, "server-killed")

    warm.child("prefect_server.embedded").kill()

    after = warm.report("after-server", "P2", type="unknown", description="next")
    assert "done" == warm.wait_until_over(after)
    held.open("deploy")
    assert "done" == warm.wait_until_over(before)


def test_without_events_runs_start_by_polling(
    tmp_path: Path, pagerduty: PagerDuty, slack: Slack, jira: Jira
) -> None:
    """The server sends no events: slower, and yet nothing is missed."""
    stack = Stack(tmp_path / "home", pagerduty, slack, jira)
    stack.env["PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED"] = "false"
    try:
        stack.start()
        incident_id = stack.report("polled", "P2", type="unknown", description="polled")
        assert "done" == stack.wait_until_over(incident_id)
    finally:
        stack.stop()


def _is_ours(process: psutil.Process) -> bool:
    """True for the parent and what it forked."""
    return PARENT in command_of(process)


def _is_in(stack: Stack, run_id: str, state: str) -> bool:
    return bool(stack.run(run_id)["state_type"] == state)


def _has_logged(stack: Stack, run_id: str, message: str) -> bool:
    wanted = {"logs": {"flow_run_id": {"any_": [run_id]}}}
    logs = stack.prefect("POST", "/logs/filter", json=wanted)
    return message in [each["message"] for each in logs]


def _count(stack: Stack, ids: list[str], state: str) -> int:
    return [stack.run(run_id)["state_type"] for run_id in ids].count(state)


def _is_there(stack: Stack, before: psutil.Process) -> bool:
    found = [c for c in stack.process.children() if "deployments.worker.main" in command_of(c)]
    return bool(found) and found[0] != before


def _process_of_run(stack: Stack, directory: Path, name: str) -> psutil.Process:
    held, incident_id = _held(stack, directory, name)
    process = _process(stack, incident_id)
    held.open("deploy")
    assert "done" == stack.wait_until_over(incident_id)
    stack.wait_for(partial(_is_in, stack, stack.run_id(incident_id), "COMPLETED"))
    return process


def _held(stack: Stack, directory: Path, name: str) -> tuple[Gates, str]:
    """A run that waits in the middle of its rollback."""
    gates = Gates(directory / name, name)
    _GATES.append(gates)
    stack.configure(gates.target)
    gates.close("deploy")
    incident_id = stack.report(name)
    stack.wait_for(lambda: gates.is_reached("deploy"))
    return gates, incident_id


def _process(stack: Stack, incident_id: str) -> psutil.Process:
    run_id = stack.run_id(incident_id)
    return psutil.Process(int(stack.wait_for(lambda: stack.run(run_id)["infrastructure_pid"])))
