"""The worker's side of its warm processes: starts runs, returns their exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from deployments.handover import START, Handover
from deployments.worker.child import Order

KILL_SECONDS = 30.0
"""Time between the signal to stop a run and SIGKILL; the same as in Prefect's own worker."""
START_SECONDS = 120.0
PACKAGES = ("schemas", "tasks", "flows", "deployments")


class Running:
    """A run in its process; the futures return its pid and its exit code."""

    def __init__(self, flow_run: FlowRun) -> None:
        self.flow_run = flow_run
        self.run_id = flow_run.id
        self.started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()


class Generation:
    """One parent process, and the runs in its children."""

    def __init__(self, spares: int) -> None:
        self.spares = spares
        self.code = newest_code()
        self.running: dict[UUID, Running] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def lives(self) -> bool:
        """False when the parent process has ended."""
        return self._listening is not None and not self._listening.done()

    async def start(self) -> None:
        """Start the parent; orders can be sent while it still imports the flows."""
        ours, theirs = socket.socketpair()
        handover = Handover(os.environ)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *START,
                "deployments.worker.parent",
                str(theirs.fileno()),
                str(self.spares),
                pass_fds=[theirs.fileno()],
                stdin=handover.stdin,
                env=handover.environment,
            )
        handover.begin()
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                what, run_id, number = json.loads(line)
                running = self.running[UUID(run_id)]
                if what == "started":
                    running.started.set_result(number)
                else:
                    self.running.pop(running.run_id)
                    running.ended.set_result(number)
        assert self._process is not None
        code = await self._process.wait()
        for running in self.running.values():
            if running.started.done():
                running.ended.set_result(-signal.SIGKILL)  # killed through the lifeline
            else:
                running.started.set_exception(
                    RuntimeError(f"the parent of the warm processes ended with code {code}")
                )
        self.running.clear()

    def run(self, order: Order) -> Running:
        """Send the order to the parent."""
        run_id = order.flow_run.id
        running = self.running[run_id] = Running(order.flow_run)
        message = ["run", str(run_id), order.model_dump_json(), order.urgent]
        self._say(json.dumps(message).encode())
        return running

    def signal(self, run_id: UUID, number: int) -> None:
        """Send a signal to a run, if it still runs: see `Parent._signal` for which processes."""
        self._say(json.dumps(["signal", str(run_id), number]).encode())

    def retire(self) -> None:
        """Take no more orders; end when the last run is over."""
        self._say(b'["retire"]')

    def _say(self, line: bytes) -> None:
        assert self._writer is not None
        with contextlib.suppress(ConnectionError):
            self._writer.write(line + b"\n")

    async def close(self) -> None:
        """End the parent, and with it every process that it forked."""
        if self._writer is not None:
            self._writer.close()
        if self._listening is not None:
            await self._listening


class WarmProcesses:
    """Processes that have imported the flows; replaced whenever the code has changed.

    spares: how many processes wait for a run.
    """

    def __init__(self, spares: int) -> None:
        self.spares = spares
        self._generations: list[Generation] = []
        self._starting = asyncio.Lock()

    async def refresh(self) -> Generation:
        """The generation that has imported the current code; started if there is none."""
        async with self._starting:
            self._generations = [each for each in self._generations if each.lives]
            newest = self._generations[-1] if self._generations else None
            if newest is not None and newest.code == newest_code():
                return newest
            fresh = Generation(self.spares)
            await fresh.start()
            if newest is not None:
                newest.retire()
            self._generations.append(fresh)
            return fresh

    async def run(self, order: Order) -> Running:
        """Execute a run in a process that has imported the current code."""
        return (await self.refresh()).run(order)

    def runs(self) -> Iterator[tuple[Generation, Running]]:
        """Every run that is not over."""
        for generation in self._generations:
            for running in list(generation.running.values()):
                yield generation, running

    def has(self, run_id: UUID) -> bool:
        """True while this run has a process."""
        return any(running.run_id == run_id for _, running in self.runs())

    async def stop(self, run_id: UUID, number: int, seconds: float = KILL_SECONDS) -> None:
        """Send a run this signal, kill it if it has not ended in time; return when it has."""
        for generation, running in self.runs():
            if running.run_id == run_id:
                generation.signal(run_id, number)
                ended, _ = await asyncio.wait([running.ended], timeout=seconds)
                if not ended:
                    generation.signal(run_id, signal.SIGKILL)
                    await asyncio.wait([running.ended])

    async def close(self) -> None:
        """End every process."""
        for generation in self._generations:
            await generation.close()
        self._generations.clear()


def newest_code() -> tuple[int, int]:
    """A value that changes when one of our source files is changed, added or removed."""
    root = Path(__file__).parents[2]
    times = [time for name in PACKAGES for time in _times(str(root / name))]
    return max(times), len(times)


def _times(folder: str) -> Iterator[int]:
    """When each source file was changed, in ns. Called for every run, so without slow `Path`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.stat().st_mtime_ns
            elif entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                yield from _times(entry.path)
