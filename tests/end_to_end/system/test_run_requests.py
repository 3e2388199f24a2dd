"""A run makes fewer requests to Prefect, and Prefect has the same data afterwards.

These tests are meant to fail when a new Prefect's engine asks for these things in another way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from fixtures.stack import Stack
from support import ROOT

RUN = """
import json, sys, time
from prefect import flow, get_run_logger, task
from prefect.context import SyncClientContext
from prefect.events.worker import EventsWorker
from prefect.flow_engine import run_flow
from prefect.states import Pending
from deployments.prefect_patches import task_events
from deployments.prefect_patches.run_requests import Spared

@task
def step() -> None:
    exec(sys.argv[2])

@flow(name="spared", version="7", log_prints=False, retries=int(sys.argv[1]))
def spared() -> None:
    step()

asked = []
task_events.apply()
hooks = {"event_hooks": {"request": [lambda r: asked.append(f"{r.method} {r.url.path}")]}}
with SyncClientContext(httpx_settings=hooks) as context:
    client = context.client
    run = client.create_flow_run(spared, state=Pending())
    asked.clear()
    before = Spared(client, run)
    state = run_flow(spared, flow_run=run, return_type="state")
    before.hand_in()
EventsWorker.drain_all(timeout=10)
print(json.dumps({"run": str(run.id), "state": state.type, "asked": asked}))
"""


def _run(stack: Stack, retries: int = 0, does: str = "pass") -> dict[str, Any]:
    """Run a flow in a process of its own; returns its requests to Prefect, in order."""
    env = os.environ | {
        "PREFECT_API_URL": stack.prefect_api,
        "PREFECT_API_AUTH_STRING": stack.prefect_credential,
        "PREFECT_HOME": str(stack.home / "spared"),
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(retries), does],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    told["log"] = done.stderr
    told["asked"] = [each.replace(told["run"], "ID") for each in told["asked"]]
    return told


def test_the_engine_asks_only_for_the_states_of_its_run(stack: Stack) -> None:
    """Running and Completed; what it writes at its start is sent later, in one request."""
    told = _run(stack)

    assert "COMPLETED" == told["state"]
    state, change = "POST /api/flow_runs/ID/set_state", "PATCH /api/flow_runs/ID"
    assert [state, state, change] == told["asked"]
    run = stack.run(told["run"])
    assert ("7", 1) == (run["flow_version"], run["run_count"])
    assert run["infrastructure_pid"].isdigit()
    assert 0 == run["empirical_policy"]["retries"]


def test_what_the_server_needs_for_a_retry_is_written_at_once(stack: Stack) -> None:
    """The server decides about retries: it gets the flow's policy before the flow begins."""
    told = _run(stack, retries=2)

    assert "PATCH /api/flow_runs/ID" == told["asked"][0]
    assert 2 == stack.run(told["run"])["empirical_policy"]["retries"]


@pytest.mark.parametrize(
    ("does", "told_states"),
    [
        ("pass", ["Completed"]),
        ("time.sleep(1)", ["Completed", "Running"]),
        ("raise ValueError('no')", ["Failed", "Running"]),
    ],
)
def test_a_task_run_is_known_without_the_events_of_its_first_moment(
    stack: Stack, does: str, told_states: list[str]
) -> None:
    """One event instead of three, or two if it takes long or fails; the UI has name, times, end."""
    told = _run(stack, does=does)
    wanted = {"flow_runs": {"id": {"any_": [told["run"]]}}}

    def ended() -> Any:
        found = stack.prefect("POST", "/task_runs/filter", json=wanted)
        return [each for each in found if each["state_type"] in ("COMPLETED", "FAILED")]

    [task_run] = stack.wait_for(ended)
    assert task_run["name"].startswith("step")
    assert 1 == task_run["run_count"]
    assert task_run["start_time"] <= task_run["end_time"]
    resource = {"id": [f"prefect.task-run.{task_run['id']}"]}

    def events() -> Any:
        body = {"filter": {"resource": resource}}
        found = stack.prefect("POST", "/events/filter", json=body)["events"]
        return found if len(found) >= len(told_states) else None

    names = [event["event"].removeprefix("prefect.task-run.") for event in stack.wait_for(events)]
    assert told_states == sorted(names)


@pytest.mark.parametrize(
    ("does", "line"),
    [
        ("get_run_logger().info('it said this')", "it said this"),
        ("raise ValueError('no')", "Finished in state Failed"),
    ],
)
def test_the_log_has_what_a_task_says_and_not_that_it_completed(
    stack: Stack, does: str, line: str
) -> None:
    """Its state has that; every other end is logged as before."""
    [*lines] = (each for each in _run(stack, does=does)["log"].splitlines() if "Task run" in each)

    assert any(line in each for each in lines)
    assert not any("Completed()" in each for each in lines)
