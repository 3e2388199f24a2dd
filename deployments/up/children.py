"""Child processes that are kept running, and a file that lists them in case of a `kill -9`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from deployments.handover import Handover

HOME = "AEEF_HOME"
STOP_SECONDS = 20.0
ORPHAN_SECONDS = 5.0
FIRST_WAIT = 1.0
LONGEST_WAIT = 8.0
STEADY_SECONDS = 30.0
"""A child that ran for this long starts again with the first, short wait when it dies."""


class Child:
    """One program; it is restarted, with growing waits, whenever it ends without `stop`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._next_start = 0.0
        self._first_wait = self._wait = first_wait
        self._sessions: list[int] = []

    @property
    def process_id(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us, and we stop it in order.

        Our settings are handed over as it asks for them, and not in its environment.
        """
        handover = Handover(self.environment)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=handover.environment,
                stdin=handover.stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        handover.begin()
        self._started = time.monotonic()
        self._sessions.append(self._process.pid)

    def keep_running(self, say: Callable[[str], None]) -> bool:
        """Restart it if it ended and its wait is over; True when it was started."""
        if self._process is None or self._process.poll() is None:
            return False
        now = time.monotonic()
        if not self._next_start:
            if now - self._started > STEADY_SECONDS:
                self._wait = self._first_wait
            self._next_start = now + self._wait
            say(
                f"{self.name} ended with code {self._process.returncode}; it is started again in"
                f" {self._wait:g} s (log: {self.log})"
            )
            self._wait = min(2 * self._wait, LONGEST_WAIT)
        if now < self._next_start:
            return False
        self._next_start = 0.0
        self.start()
        return True

    def stop(self) -> None:
        """End it and all that it started: with SIGTERM, then with SIGKILL.

        Also ends what its earlier processes left behind when they died.
        """
        if self._process is not None:
            alive = self.process_id
            leaders = [psutil.Process(alive)] if alive else []
            _end(leaders, self._sessions, self.environment.get(HOME))
            self._process.wait()


class Memory:
    """Records the children in a file, so that the next start can end those left over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, children: Sequence[Child]) -> None:
        """Record the running children."""
        alive = [child.process_id for child in children if child.process_id]
        text = json.dumps([[pid, psutil.Process(pid).create_time()] for pid in alive])
        draft = self._path.with_suffix(".draft")
        draft.write_text(text, "utf-8")
        draft.replace(self._path)

    def forget(self) -> None:
        """Delete the record: no child runs any longer."""
        self._path.unlink(missing_ok=True)

    def end_leftovers(self) -> int:
        """End what a killed `aeef up` left running; returns how many processes there were."""
        try:
            noted = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return 0
        left, sessions = [], []
        for pid, created in noted:
            try:
                process = psutil.Process(pid)
                # The same number may be another program by now: its start says which.
                if abs(process.create_time() - created) < 1:
                    left.append(process)
                    sessions.append(pid)
            except psutil.NoSuchProcess:
                sessions.append(pid)  # it died, but perhaps not what it had started
        ended = _end(left, sessions, str(self._path.parent))
        self.forget()
        return ended


def _end(leaders: Sequence[psutil.Process], sessions: Collection[int], home: str | None) -> int:
    """End the leaders, then what is left of their sessions; returns how many there were.

    The first signal goes only to the leaders: a worker that gets it stops its runs in order.
    """
    members = _members(sessions, home)
    family = {one for each in (*leaders, *members) for one in (each, *_offspring(each))}
    _signal(leaders, signal.SIGTERM, STOP_SECONDS)
    left = [process for process in family if process not in leaders and process.is_running()]
    _signal(left, signal.SIGTERM, ORPHAN_SECONDS)
    _signal([process for process in family if process.is_running()], signal.SIGKILL, STOP_SECONDS)
    return len(family)


def _signal(processes: Sequence[psutil.Process], number: int, seconds: float) -> None:
    """Send a signal, and wait until the processes have ended, but not longer than that."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    psutil.wait_procs(processes, timeout=seconds)


def _members(sessions: Collection[int], home: str | None) -> list[psutil.Process]:
    """The processes of these sessions, also those whose parent has died.

    Session ids are reused after a while, so a process must also have our AEEF_HOME.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) in sessions and _has_home(process, home):
                found.append(process)
        except (OSError, psutil.Error):
            continue
    return found


def _has_home(process: psutil.Process, home: str | None) -> bool:
    try:
        return bool(process.environ().get(HOME) == home)
    except psutil.AccessDenied:
        # Only root may look into a process of ours, by any of its names: see `handover`.
        ours = process.uids().real == os.getuid()
        return ours and any("deployments." in word for word in process.cmdline())


def _offspring(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
