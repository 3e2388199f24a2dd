"""The parent of the warm processes: imports every flow, and forks a process for each run.

Forking is safe because the parent has one thread and no open connection, and it stays so:
whatever a run opens, starts or changes is in a process of its own. That process ends with the run,
unless the run completed and left nothing behind (see `leftovers`): then it waits for another run.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from uuid import UUID

from deployments.prefect_patches.suspension import SUSPEND
from deployments.worker import child as run_warm
from deployments.worker.child import CANCEL
from deployments.worker.preload import ready_to_fork
from deployments.worker.warm import Warm
from schemas.settings import load_settings
from tasks.base.redact import secrets_of

REFILL_SECONDS = 1.0
"""Delay before a used process is replaced: the run that took it needs the cores now."""
SURPLUS_SECONDS = 3.0
"""How long more processes than `spares` wait for another run."""


class Parent:
    """Gives each order to a waiting process, and reports to the worker when a run has ended."""

    def __init__(self, worker: socket.socket, spares: int) -> None:
        self.worker = worker
        self.spares = spares
        self._processes: dict[int, Warm] = {}
        self._unread = b""
        self._retired = False
        self._refill_at = 0.0
        # Only this process holds the writing end, so it closes however this process dies.
        self._lifeline, self._life = os.pipe()
        self._ended, self._wake = os.pipe()
        self._over, self._say_over = os.pipe()
        for handle in (self._ended, self._wake, self._over):
            os.set_blocking(handle, False)

    @property
    def _waiting(self) -> list[Warm]:
        """The waiting processes; the one that has waited longest comes first."""
        waiting = [each for each in self._processes.values() if each.run_id is None]
        return sorted(waiting, key=lambda process: process.waits_since)

    @property
    def _ready(self) -> list[Warm]:
        """The waiting processes that can execute any run."""
        return [process for process in self._waiting if not process.nice]

    def serve(self) -> None:
        """Serve until the worker is gone, or has retired us and the last run is over."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._fill_up()
        with selectors.DefaultSelector() as selector:
            selector.register(self.worker, selectors.EVENT_READ, self._hear)
            selector.register(self._ended, selectors.EVENT_READ, self._reap)
            selector.register(self._over, selectors.EVENT_READ, self._hear_over)
            while not (self._retired and not self._processes):
                for key, _ in selector.select(self._next_look()):
                    key.data()
                if not self._retired:
                    self._adjust()

    def _next_look(self) -> float | None:
        """Seconds until there may be too few or too many waiting processes."""
        if self._retired:
            return None
        if len(self._ready) < self.spares:
            return max(self._refill_at - time.monotonic(), 0)
        return SURPLUS_SECONDS if len(self._waiting) > self.spares else None

    def _adjust(self) -> None:
        now = time.monotonic()
        if len(self._ready) < self.spares and now >= self._refill_at:
            self._fill_up()
        surplus = len(self._waiting) - self.spares
        # Those with a raised nice value go first; then those that have waited longest.
        for process in sorted(self._waiting, key=lambda each: not each.nice)[: max(surplus, 0)]:
            if now >= process.waits_since + SURPLUS_SECONDS:
                self._let_go(process)

    def _hear(self) -> None:
        received = self.worker.recv(1 << 20)
        if not received:  # the worker is gone: the lifeline ends everyone
            os._exit(0)
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            message = json.loads(line)
            match message[0]:
                case "run":
                    self._run(UUID(message[1]), message[2], urgent=message[3])
                case "signal":
                    self._signal(UUID(message[1]), message[2])
                case "retire":
                    self._retire()

    def _run(self, run_id: UUID, order: str, *, urgent: bool) -> None:
        process = self._choose(urgent=urgent)
        while not process.takes(order):
            self._let_go(process)
            process = self._choose(urgent=urgent)
        process.run_id = run_id
        process.nice = process.nice or not urgent
        self._say("started", run_id, process.pid)
        self._refill_at = time.monotonic() + REFILL_SECONDS

    def _choose(self, *, urgent: bool) -> Warm:
        """The process that ran last, because its caches are filled; or a new one.

        An urgent run never gets a process with a raised nice value.
        """
        able = self._ready if urgent else sorted(self._waiting, key=lambda each: each.nice)
        return able[-1] if able else self._fork()

    def _signal(self, run_id: UUID, number: int) -> None:
        for process in self._processes.values():
            if process.run_id == run_id:
                # A cancelled run ends its own subprocesses, for instance git, in order.
                send = os.kill if number in (CANCEL, SUSPEND) else os.killpg
                with contextlib.suppress(ProcessLookupError):
                    send(process.pid, number)

    def _retire(self) -> None:
        self._retired = True
        for process in self._waiting:
            self._let_go(process)

    def _let_go(self, process: Warm) -> None:
        """Let a process exit."""
        process.send_home()
        del self._processes[process.pid]

    def _hear_over(self) -> None:
        """Read which processes have completed their run and can take another."""
        with contextlib.suppress(BlockingIOError):
            for line in os.read(self._over, 1 << 16).split():
                process = self._processes.get(int(line))
                if process is None or process.run_id is None:
                    continue
                run_id, process.run_id = process.run_id, None
                process.waits_since = time.monotonic()
                self._say("ended", run_id, 0)
                if self._retired:
                    self._let_go(process)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._ended, 4096)
        self._hear_over()
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
        process = self._processes.pop(pid, None)
        if process is None:
            return
        process.send_home()
        if process.run_id:
            self._say("ended", process.run_id, os.waitstatus_to_exitcode(status))

    def _say(self, what: str, run_id: UUID, number: int) -> None:
        self.worker.sendall(json.dumps([what, str(run_id), number]).encode() + b"\n")

    def _fill_up(self) -> None:
        while len(self._ready) < self.spares:
            self._fork()

    def _fork(self) -> Warm:
        assert threading.active_count() == 1
        with contextlib.suppress(Exception):  # the run reports invalid settings; we must go on
            # Fills caches that the fork inherits; reads only a changed file.
            secrets_of(load_settings())
        reading, writing = os.pipe()
        pid = os.fork()
        with contextlib.suppress(OSError):  # parent and child both do it: either may be first
            os.setpgid(pid, pid)
        if pid:
            os.close(reading)
            self._processes[pid] = process = Warm(pid, os.fdopen(writing, "wb"))
            return process
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for handle in (writing, self._life, self._wake, self._ended, self._over):
                os.close(handle)
            for process in self._processes.values():
                process.orders.close()
            self.worker.close()
            code = run_warm.wait_and_run(reading, self._say_over, self._lifeline)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def main() -> None:
    """Import everything, then serve the worker; arguments: the socket's number, `spares`."""
    number, spares = (int(argument) for argument in sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(number, False)  # nothing that a run starts gets it
    with ready_to_fork():
        Parent(socket.socket(fileno=number), spares).serve()


if __name__ == "__main__":
    main()
