"""Child processes that are kept running, and the memory of them across a `kill -9`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

STOP_SECONDS = 20.0
LONGEST_WAIT = 30.0
STEADY_SECONDS = 30.0
"""A child that ran so long gets its first, short wait again when it dies."""


class Child:
    """One program, started again with growing waits whenever it ends by itself."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._next_start = 0.0
        self._wait = 1.0

    @property
    def process_id(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us, and we stop it in order."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started = time.monotonic()

    def keep_running(self, say: Callable[[str], None]) -> bool:
        """Start it again if it ended and its wait is over; True when it was started."""
        if self._process is None or self._process.poll() is None:
            return False
        now = time.monotonic()
        if not self._next_start:
            if now - self._started > STEADY_SECONDS:
                self._wait = 1.0
            self._next_start = now + self._wait
            say(
                f"{self.name} ended with code {self._process.returncode}; it is started again in"
                f" {self._wait:.0f} s (log: {self.log})"
            )
            self._wait = min(2 * self._wait, LONGEST_WAIT)
        if now < self._next_start:
            return False
        self._next_start = 0.0
        self.start()
        return True

    def stop(self) -> None:
        """End it and all that it started: politely, then by force."""
        if self._process is not None:
            _end([psutil.Process(self._process.pid)] if self._process.poll() is None else [])
            self._process.wait()


class Memory:
    """Remembers the children in a file, so that the next start can end those left over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, children: Sequence[Child]) -> None:
        """Write down who runs."""
        alive = [child.process_id for child in children if child.process_id]
        text = json.dumps([[pid, psutil.Process(pid).create_time()] for pid in alive])
        draft = self._path.with_suffix(".draft")
        draft.write_text(text, "utf-8")
        draft.replace(self._path)

    def forget(self) -> None:
        """Nobody runs any longer."""
        self._path.unlink(missing_ok=True)

    def end_leftovers(self) -> int:
        """End what a killed `aeef up` left running; how many there were."""
        try:
            noted = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return 0
        left = []
        for pid, created in noted:
            try:
                process = psutil.Process(pid)
                # The same number may be another program by now: its start says which.
                if abs(process.create_time() - created) < 1:
                    left.append(process)
            except psutil.NoSuchProcess:
                continue
        _end(left)
        self.forget()
        return len(left)


def _end(processes: Sequence[psutil.Process]) -> None:
    families = [member for process in processes for member in (process, *_offspring(process))]
    for process in processes:
        _signal(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(families, timeout=STOP_SECONDS)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=STOP_SECONDS)


def _offspring(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: int) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return
