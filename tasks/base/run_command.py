"""Runs a program of the target: no shell, a timeout, and only the tail of its output kept."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

TAIL_LINES = 20
TAIL_CHARACTERS = 2_000
OWN_SETTINGS = "AEEF_"
"""How the names of our own settings in the environment begin: some are secrets."""
_OUTPUT_READ = 1_000_000
_GRACE = 5.0
"""Seconds between asking a program to stop and killing it."""


@dataclass(frozen=True)
class Finished:
    """How a program ended. `problem`: None for exit code 0, else the reason in one line.

    code: its exit code; None when it could not be run to its end.
    """

    problem: str | None
    output: str
    errors: str = ""
    code: int | None = None

    @property
    def tail(self) -> str:
        """The last lines of the output: enough to see the cause."""
        return tail_of(self.errors) or tail_of(self.output)

    def __str__(self) -> str:
        if self.problem is None:
            return "it worked"
        return f"{self.problem}\n{self.tail}" if self.tail else self.problem


def run_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout: float,
    env: Mapping[str, str] | None = None,
    pid_file: Path | None = None,
    errors_apart: bool = False,
    called: str | None = None,
    grace: float = _GRACE,
) -> Finished:
    """Run a program in its own process group; after `timeout` seconds the group is killed.

    Our own settings (AEEF_…) are not passed on: they contain secrets. Output goes to a file, so
    that a server which the program leaves running does not make us wait for the end of a pipe.
    pid_file: identifies the running program, for `end_orphan` after we were killed.
    errors_apart: keep stderr out of an output that will be parsed.
    called: the program's name in `problem`; by default its whole command line.
    grace: seconds that it has to end after it was asked to; then it is killed.
    """
    name = called or without_credentials(" ".join(argv))[:200]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            # Not `subprocess.Popen`, which polls every 50 ms whether the program has ended.
            process = psutil.Popen(
                list(argv),
                cwd=cwd,
                env={**_environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors if errors_apart else subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Finished(f"'{argv[0]}' cannot be run: {error.strerror or error}", "")
        _note_process(process.pid, pid_file)
        code = None
        try:
            code = process.wait(timeout)
            problem = f"'{name}' ended with exit code {code}" if code else None
        except psutil.TimeoutExpired:
            problem = f"'{name}' did not finish within {timeout:g} s"
        finally:
            if process.poll() is None:
                _kill_group(process, grace)
            if pid_file:
                pid_file.unlink(missing_ok=True)
        return Finished(problem, _read(output), _read(errors), code)


def end_orphan(pid_file: Path) -> str | None:
    """Kill the program that a killed predecessor left running; return its name, if there was one.

    The start time must match too, as the pid may meanwhile belong to another program.
    """
    name: str | None = None
    with suppress(OSError, ValueError, KeyError, TypeError, psutil.Error):
        entry = json.loads(pid_file.read_text("utf-8"))
        process = psutil.Process(int(entry["pid"]))
        if abs(process.create_time() - float(entry["started"])) < 1:
            name = process.name()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_GRACE)
    pid_file.unlink(missing_ok=True)
    return name


def tail_of(text: str) -> str:
    """The last lines of a text, without user names and passwords in URLs."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()][-TAIL_LINES:]
    return without_credentials("\n".join(lines))[-TAIL_CHARACTERS:]


def without_credentials(text: str) -> str:
    """The text with `user:token@` removed from every URL in it."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}


def _note_process(pid: int, pid_file: Path | None) -> None:
    if pid_file is None:
        return
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    pid_file.write_text(json.dumps({"pid": pid, "started": started}), "utf-8")


def _kill_group(process: psutil.Popen, grace: float) -> None:
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, _GRACE)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except psutil.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    with suppress(psutil.TimeoutExpired):  # one that the kernel does not let go
        process.wait(_GRACE)


def _read(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _OUTPUT_READ))
    return output.read().decode("utf-8", "replace")
