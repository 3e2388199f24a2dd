"""Runs that a worker of this machine had and has no longer are marked Crashed at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client

from deployments.registry.owner import NO_HEARTBEAT, Owner, taken_by
from deployments.worker.ownership.instance import Instance, begin_instance, ended_instances
from deployments.worker.ownership.lost_runs import LostRuns, put_right
from standins.prefect.api import Prefect
from support import ROOT

WORKER = "aeef-ada"
DIES = """
import sys
from pathlib import Path
from deployments.worker.ownership.instance import begin_instance
print(begin_instance(Path(sys.argv[1]), sys.argv[2]).owner.instance)
"""


@pytest.fixture
def instance(home: Path) -> Iterator[Instance]:
    """This start of the worker."""
    made = begin_instance(home, WORKER)
    yield made
    made.end()


def died(home: Path, worker: str = WORKER) -> Owner:
    """An earlier start of a worker, whose process has ended without a word."""
    command = [sys.executable, "-c", DIES, str(home), worker]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Owner(worker, ran.stdout.strip())


def run_of(prefect: Prefect, owner: Owner, state: str, age: float = 60.0) -> UUID:
    """A run that this start of a worker took, in this state for so many seconds."""
    run_id, since = uuid4(), datetime.now(UTC) - timedelta(seconds=age)
    prefect.runs[run_id] = state, {}
    taken = {"type": "PENDING", "timestamp": since.isoformat(), "message": taken_by(owner)}
    prefect.states_before[run_id] = [taken]
    message = taken_by(owner) if state == "PENDING" else None
    prefect.state_of[run_id] = {"timestamp": since.isoformat(), "message": message}
    return run_id


def look(home: Path, instance: Instance, *has: UUID) -> None:
    """One look of this start of the worker, which has these runs."""

    async def once() -> None:
        async with get_client() as client:
            lost = LostRuns(client, home, instance.owner, lambda: "aeef", lambda: has)
            await lost.look()

    asyncio.run(once())


def states(prefect: Prefect) -> list[str]:
    """The states of all runs, in order."""
    return [state for state, _ in prefect.runs.values()]


def test_what_an_earlier_start_had_is_lost(
    prefect: Prefect, home: Path, instance: Instance
) -> None:
    """Killed: Pending and Running runs, however young; not those of another machine's worker."""
    before, elsewhere = died(home), Owner("aeef-ben", "b" * 32)
    run_of(prefect, before, "PENDING", age=0)
    run_of(prefect, before, "RUNNING", age=0)
    run_of(prefect, elsewhere, "RUNNING")

    look(home, instance)

    assert ["CRASHED", "CRASHED", "RUNNING"] == states(prefect)
    messages = {state["message"] for _, state in prefect.set_states}
    assert {"Nobody has it: the worker that had it has ended"} == messages


def test_what_this_start_has_is_left_alone(
    prefect: Prefect, home: Path, instance: Instance
) -> None:
    """Also what it is about to start, and what another start that lives has."""
    mine = run_of(prefect, instance.owner, "RUNNING")
    run_of(prefect, instance.owner, "PENDING", age=1)
    other = begin_instance(home, WORKER)
    run_of(prefect, other.owner, "RUNNING")

    look(home, instance, mine)
    other.end()

    assert ["RUNNING", "PENDING", "RUNNING"] == states(prefect)


def test_a_run_whose_answer_was_lost_is_lost(
    prefect: Prefect, home: Path, instance: Instance
) -> None:
    """Prefect made it Pending for this worker, which never heard of it."""
    run_of(prefect, instance.owner, "PENDING")

    look(home, instance)

    assert ["CRASHED"] == states(prefect)


def test_the_end_of_a_start_is_known_by_its_lock(home: Path, instance: Instance) -> None:
    """Ended or killed; a start that lives is not among them, nor another worker's."""
    before = died(home)
    died(home, "aeef-ada.b")

    assert {before.instance} == ended_instances(home, WORKER)
    assert {before.instance} == ended_instances(home, WORKER), "a late request may still arrive"
    assert instance.path.exists()


@pytest.mark.parametrize(
    ("message", "state"), [(NO_HEARTBEAT, "RUNNING"), ("exited with status code 1", "CRASHED")]
)
def test_a_run_that_lives_is_put_right(prefect: Prefect, message: str, state: str) -> None:
    """Only when it was taken for dead; what ended itself stays as it is."""
    run_id = uuid4()
    prefect.runs[run_id] = "CRASHED", {}
    prefect.state_of[run_id] = {"message": message}

    async def once() -> None:
        async with get_client() as client:
            await put_right(client, await client.read_flow_run(run_id))

    asyncio.run(once())

    assert [state] == states(prefect)
