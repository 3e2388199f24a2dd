"""The parent of the warm processes: it has imported every flow, and forks a process for each run.

Forking is safe because it has one thread and no open connection, and it stays so: whatever a run
opens, starts or changes is in a process of its own. That ends with the run, unless the run has
completed and left nothing behind (see `leftovers`): then it waits for another one.
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

REFILL_SECONDS = 1.0
"""A process that was taken is replaced so much later: the run that took it needs the cores now."""
SURPLUS_SECONDS = 3.0
"""How long more processes than `spares` wait for another run."""


class Parent:
    """Gives each order to a process that waits, and tells when a process has ended."""

    def __init__(self, worker: socket.socket, spares: int) -> None:
        self.worker = worker
        self.spares = spares
        self._processes: dict[int, Warm] = {}
        self._unread = b""
        self._retired = False
        self._refill_at = 0.0
        # Only we hold the writing end: it closes when we die, however we die.
        self._lifeline, self._life = os.pipe()
        self._ended, self._wake = os.pipe()
        self._over, self._say_over = os.pipe()
        for handle in (self._ended, self._wake, self._over):
            os.set_blocking(handle, False)

    @property
    def _waiting(self) -> list[Warm]:
        """The one that waits longest first."""
        waiting = [each for each in self._processes.values() if each.run_id is None]
        return sorted(waiting, key=lambda process: process.waits_since)

    @property
    def _ready(self) -> list[Warm]:
        """Those that wait and can carry out any run."""
        return [process for process in self._waiting if not process.nice]

    def serve(self) -> None:
        """Do so until the worker is gone, or has retired us and the last run is over."""
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
        """Seconds until there may be too few or too many that wait."""
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
        # Those that gave way go first; of the others those that did not run for the longest time.
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
        """The one that ran last has most at hand; a nice one never takes what is urgent."""
        able = self._ready if urgent else sorted(self._waiting, key=lambda each: each.nice)
        return able[-1] if able else self._fork()

    def _signal(self, run_id: UUID, number: int) -> None:
        for process in self._processes.values():
            if process.run_id == run_id:
                # What a cancelled run started, a git perhaps, it ends itself, in good order.
                send = os.kill if number in (CANCEL, SUSPEND) else os.killpg
                with contextlib.suppress(ProcessLookupError):
                    send(process.pid, number)

    def _retire(self) -> None:
        self._retired = True
        for process in self._waiting:
            self._let_go(process)

    def _let_go(self, process: Warm) -> None:
        """It ends when it sees that no order can come."""
        process.send_home()
        del self._processes[process.pid]

    def _hear_over(self) -> None:
        """Of runs that have completed, in processes that can have another one."""
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
        with contextlib.suppress(Exception):  # a run says what is wrong with them; we must go on
            load_settings()  # read when the file has changed: what is forked then knows it, too
        reading, writing = os.pipe()
        pid = os.fork()
        with contextlib.suppress(OSError):  # both of us do it: who comes first is not known
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
    """Import everything, then serve the worker at the other end of the socket given by number."""
    number, spares = (int(argument) for argument in sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ready_to_fork():
        Parent(socket.socket(fileno=number), spares).serve()


if __name__ == "__main__":
    main()
