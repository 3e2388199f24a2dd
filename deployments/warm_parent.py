"""The parent of the warm processes: it has imported every flow, and forks a process for each run.

Forking is safe because it has one thread and no open connection, and it stays so: whatever a run
opens, starts or changes is in a process of its own, which ends with the run.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from uuid import UUID

from prefect.settings import get_current_settings

from deployments import run_warm
from deployments.registry import flows
from deployments.run_warm import CANCEL
from deployments.suspension import SUSPEND

LAZY = (
    "anyio._backends._asyncio",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "sqlite3",
    "tasks.command_deployer",
    "tasks.compose_deployer",
)
"""What a run imports while it goes; a name that is no more costs time, nothing else."""
REFILL_SECONDS = 0.2
"""A process that was taken is replaced so much later: the run that took it needs the cores now."""


@dataclass
class Waiting:
    """A process that waits for an order; `orders` is our end of its pipe."""

    pid: int
    orders: int


class Parent:
    """Gives each order to a process that waits, and tells when a process has ended."""

    def __init__(self, worker: socket.socket, spares: int) -> None:
        self.worker = worker
        self.spares = spares
        self._waiting: list[Waiting] = []
        self._running: dict[int, UUID] = {}
        self._unread = b""
        self._retired = False
        self._refill_at = 0.0
        # Only we hold the writing end: it closes when we die, however we die.
        self._lifeline, self._life = os.pipe()
        self._ended, self._wake = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(self._wake, False)

    def serve(self) -> None:
        """Do so until the worker is gone, or has retired us and the last run is over."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._fill_up()
        with selectors.DefaultSelector() as selector:
            selector.register(self.worker, selectors.EVENT_READ, self._hear)
            selector.register(self._ended, selectors.EVENT_READ, self._reap)
            while not (self._retired and not self._running):
                rest = self._refill_at - time.monotonic()
                short = len(self._waiting) < self.spares and not self._retired
                for key, _ in selector.select(max(rest, 0) if short else None):
                    key.data()
                if short and time.monotonic() >= self._refill_at:
                    self._fill_up()

    def _hear(self) -> None:
        received = self.worker.recv(1 << 20)
        if not received:  # the worker is gone: the lifeline ends everyone
            os._exit(0)
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            message = json.loads(line)
            match message[0]:
                case "run":
                    self._run(UUID(message[1]), message[2])
                case "signal":
                    self._signal(UUID(message[1]), message[2])
                case "retire":
                    self._retire()

    def _run(self, run_id: UUID, order: str) -> None:
        if not self._waiting:
            self._fork()
        process = self._waiting.pop(0)
        self._running[process.pid] = run_id
        self._tell("started", run_id, process.pid)
        with contextlib.suppress(BrokenPipeError), os.fdopen(process.orders, "wb") as orders:
            orders.write(order.encode() + b"\n")
        self._refill_at = time.monotonic() + REFILL_SECONDS

    def _signal(self, run_id: UUID, number: int) -> None:
        for pid, running in self._running.items():
            if running == run_id:
                # What a cancelled run started, a git perhaps, it ends itself, in good order.
                send = os.kill if number in (CANCEL, SUSPEND) else os.killpg
                with contextlib.suppress(ProcessLookupError):
                    send(pid, number)

    def _retire(self) -> None:
        self._retired = True
        for process in self._waiting:
            os.close(process.orders)  # it ends
        self._waiting.clear()

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._ended, 4096)
        while True:
            try:
                # Not reaped yet, so that its number is still its own.
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            self._bury(found.si_pid)

    def _bury(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # whatever a killed run left behind in its group
        _, status = os.waitpid(pid, 0)
        run_id = self._running.pop(pid, None)
        if run_id:
            self._tell("ended", run_id, os.waitstatus_to_exitcode(status))
        for process in [each for each in self._waiting if each.pid == pid]:
            os.close(process.orders)
            self._waiting.remove(process)

    def _tell(self, what: str, run_id: UUID, number: int) -> None:
        self.worker.sendall(json.dumps([what, str(run_id), number]).encode() + b"\n")

    def _fill_up(self) -> None:
        while len(self._waiting) < self.spares:
            self._fork()

    def _fork(self) -> None:
        assert threading.active_count() == 1
        reading, writing = os.pipe()
        pid = os.fork()
        with contextlib.suppress(OSError):  # both of us do it: who comes first is not known
            os.setpgid(pid, pid)
        if pid:
            os.close(reading)
            self._waiting.append(Waiting(pid, writing))
            return
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ours = [writing, self._life, self._wake, self._ended]
            for handle in [*ours, *(each.orders for each in self._waiting)]:
                os.close(handle)
            self.worker.close()
            code = run_warm.wait_and_run(reading, self._lifeline)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def main() -> None:
    """Import everything, then serve the worker at the other end of the socket given by number."""
    number, spares = (int(argument) for argument in sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    flows()
    for module in LAZY:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    # Written as Prefect writes them: a run's environment then changes nothing, and costs nothing.
    os.environ.update(get_current_settings().to_environment_variables(exclude_unset=True))
    gc.freeze()  # what is here stays shared with every process that is forked
    gc.set_threshold(20_000, 20, 50)  # a run is short
    sys.setswitchinterval(0.001)  # what contains must not wait 5 ms for what only tells of it
    Parent(socket.socket(fileno=number), spares).serve()


if __name__ == "__main__":
    main()
