"""The warm worker obeys what an operator sets in Prefect's UI, at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from deployments.worker.hearing import ASK_SECONDS
from fixtures.stack import Stack
from processes import flow as sample_flow
from processes.deployment import deployment_of

POOL = "/work_pools/aeef"
SOON_SECONDS = ASK_SECONDS - 5
"""Sooner than the worker's safety net asks again."""
AHEAD_SECONDS = 4.0


def test_a_paused_pool_starts_nothing_until_it_is_resumed(stack: Stack, tmp_path: Path) -> None:
    """The worker asks for each run and gets none; then all that waited starts."""
    with deployment_of(stack, sample_flow.waits) as deployment:
        go_on = tmp_path / "go on"
        go_on.touch()
        with _pool(stack, is_paused=True):
            ids = []
            for _ in range(3):
                ids.append(_run(stack, deployment, go_on))
                _asked_again(stack)
            assert ["SCHEDULED"] * len(ids) == _states(stack, ids)

        done = ["COMPLETED"] * len(ids)
        stack.wait_for(lambda: _states(stack, ids) == done, SOON_SECONDS)


def test_a_paused_queue_starts_nothing_until_it_is_resumed(stack: Stack, tmp_path: Path) -> None:
    """The same for the pool's queue."""
    with deployment_of(stack, sample_flow.waits) as deployment:
        go_on = tmp_path / "go on"
        go_on.touch()
        with _changed(stack, f"{POOL}/queues/default", is_paused=True):
            run_id = _run(stack, deployment, go_on)
            _asked_again(stack)
            assert ["SCHEDULED"] == _states(stack, [run_id])

        stack.wait_for(lambda: _states(stack, [run_id]) == ["COMPLETED"], SOON_SECONDS)


def test_a_pool_with_one_place_runs_one_at_a_time(stack: Stack, tmp_path: Path) -> None:
    """Each ends before the next one starts."""
    with deployment_of(stack, sample_flow.waits) as deployment, _pool(stack, concurrency_limit=1):
        waits_for = {}
        for number in range(3):
            go_on = tmp_path / str(number)
            waits_for[_run(stack, deployment, go_on)] = go_on
            _asked_again(stack)
        for _ in range(3):
            running = stack.wait_for(partial(_running, stack, list(waits_for)))
            assert 1 == len(running)
            waits_for[running[0]].touch()
            stack.wait_for(partial(_is_over, stack, running[0]))

        runs = sorted((stack.run(run_id) for run_id in waits_for), key=_started)
        for before, after in pairwise(runs):
            assert datetime.fromisoformat(before["end_time"]) <= _started(after)


def test_the_very_next_run_has_the_changed_job_variables(stack: Stack, tmp_path: Path) -> None:
    """However often they change: the worker reads the deployment for each run."""
    values = ["first", "second", "third"]
    given = []
    with deployment_of(stack, sample_flow.leaves_traces) as deployment:
        for value in values:
            stack.prefect("PATCH", deployment, json={"job_variables": {"env": {"GIVEN": value}}})
            for number in range(2):
                told = tmp_path / f"{value}-{number}"
                body = {"parameters": {"told": str(told)}}
                run = stack.prefect("POST", f"{deployment}/create_flow_run", json=body)
                stack.wait_for(partial(_is_over, stack, run["id"]))
                given.append(json.loads(told.read_text())["given"])

    assert [value for value in values for _ in range(2)] == given


def test_a_run_that_is_scheduled_starts_at_its_time(stack: Stack, tmp_path: Path) -> None:
    """Not before its time, although the worker gets its event at once; nor later."""
    with deployment_of(stack, sample_flow.waits) as deployment:
        go_on = tmp_path / "go on"
        go_on.touch()
        due = datetime.now(UTC) + timedelta(seconds=AHEAD_SECONDS)
        details = {"scheduled_time": due.isoformat()}
        state = {"type": "SCHEDULED", "name": "Scheduled", "state_details": details}

        run_id = _run(stack, deployment, go_on, state=state)

        stack.wait_for(partial(_is_over, stack, run_id))
        late = (_started(stack.run(run_id)) - due).total_seconds()
        assert 0 <= late < SOON_SECONDS


@contextmanager
def _changed(stack: Stack, path: str, **settings: Any) -> Iterator[None]:
    """Change something in Prefect as its UI does; afterwards it is as before."""
    found = stack.prefect("GET", path)
    stack.prefect("PATCH", path, json=settings)
    try:
        yield
    finally:
        stack.prefect("PATCH", path, json={name: found[name] for name in settings})


def _pool(stack: Stack, **settings: Any) -> AbstractContextManager[None]:
    return _changed(stack, POOL, **settings)


def _run(stack: Stack, deployment: str, until: Path, **more: Any) -> str:
    """Create a run that ends when the file `until` is there."""
    body = {"parameters": {"alert": {"severity": "P2"}, "until": str(until)}, **more}
    return str(stack.prefect("POST", f"{deployment}/create_flow_run", json=body)["id"])


def _asked_again(stack: Stack) -> None:
    """Return when the worker has asked Prefect what is due, after now."""
    now = datetime.now(UTC)
    queue = f"{POOL}/queues/default"

    def has_asked() -> bool:
        asked = stack.prefect("GET", queue)["last_polled"]
        return bool(asked and datetime.fromisoformat(asked) > now)

    stack.wait_for(has_asked)


def _states(stack: Stack, ids: list[str]) -> list[str]:
    return [stack.run(run_id)["state_type"] for run_id in ids]


def _running(stack: Stack, ids: list[str]) -> list[str]:
    return [run_id for run_id in ids if stack.run(run_id)["state_type"] in ("PENDING", "RUNNING")]


def _is_over(stack: Stack, run_id: str) -> bool:
    return bool(stack.run(run_id)["state_type"] == "COMPLETED")


def _started(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(run["start_time"])
