"""Whatever Prefect's worker raises, ours goes on, and no place is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import anyio
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseWorker

from deployments.worker.hearing import Hearing
from deployments.worker.ownership.instance import begin_instance
from deployments.worker.ownership.lost_runs import LostRuns
from deployments.worker.worker import WarmWorker


class Noted:
    """In place of what hears of runs and looks for lost ones: what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wake(self) -> None:
        """A place is free."""
        self.asked.append("wake")

    def look_at(self, _run_id: UUID) -> None:
        """Read a run again."""
        self.asked.append("look at")

    def look_soon(self) -> None:
        """A run may be lost."""
        self.asked.append("look soon")


class Bench:
    """A worker without a server, with one place."""

    def __init__(self, home: Path) -> None:
        self.instance = begin_instance(home, "aeef-test")
        self.worker = WarmWorker("aeef", name="aeef-test", limit=1, instance=self.instance)
        self.noted = Noted()
        self.worker._hearing = cast("Hearing", self.noted)  # noqa: SLF001 - made in `setup`
        self.worker._lost = cast("LostRuns", self.noted)  # noqa: SLF001
        self.worker._limiter = anyio.CapacityLimiter(1)  # noqa: SLF001
        self.run = FlowRun(flow_id=uuid4(), name="a run")

    async def submit(self) -> None:
        """What the worker does with a run that has a place."""
        worker, run_id = self.worker, self.run.id
        worker._limiter.acquire_on_behalf_of_nowait(run_id)  # type: ignore[union-attr] # noqa: SLF001
        worker._submitting_flow_run_ids.add(run_id)  # noqa: SLF001
        await worker._submit_run(self.run)  # noqa: SLF001

    def state(self) -> tuple[int, int, int]:
        """Places taken, runs being started, runs held."""
        worker = self.worker
        assert worker._limiter is not None  # noqa: SLF001
        return (
            worker._limiter.borrowed_tokens,  # noqa: SLF001
            len(worker._submitting_flow_run_ids),  # noqa: SLF001
            len(worker._held),  # noqa: SLF001
        )


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("this borrower is already holding one of this CapacityLimiter's tokens"),
        KeyError("a run"),
    ],
)
def test_an_error_that_prefect_lets_through_ends_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Raised in a task group, it would end the worker and every run with it."""

    async def broken(_worker: Any, _run: FlowRun) -> None:
        raise error

    monkeypatch.setattr(BaseWorker, "_submit_run", broken)

    async def work() -> tuple[int, int, int]:
        bench = Bench(home)
        await bench.submit()
        bench.instance.end()
        assert "look soon" in bench.noted.asked
        return bench.state()

    assert (0, 0, 0) == asyncio.run(work())


def test_a_place_that_prefect_forgets_is_free_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It returns without giving the place back when the run's deployment is gone."""

    async def forgets(worker: Any, run: FlowRun) -> None:
        worker._submitting_flow_run_ids.remove(run.id)  # noqa: SLF001 - as it does

    monkeypatch.setattr(BaseWorker, "_submit_run", forgets)

    async def work() -> tuple[int, int, int]:
        bench = Bench(home)
        await bench.submit()
        bench.instance.end()
        return bench.state()

    assert (0, 0, 0) == asyncio.run(work())


def test_a_poll_that_fails_ends_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's loop ends the worker at any error that is not one of HTTP."""

    async def work() -> list[FlowRun]:
        bench = Bench(home)

        async def broken() -> bool:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(bench.worker.processes, "refresh", broken)
        found = await bench.worker.get_and_submit_flow_runs()
        bench.instance.end()
        return found

    assert [] == asyncio.run(work())
