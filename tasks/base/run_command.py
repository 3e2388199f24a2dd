"""Runs a program of the target: no shell, a deadline, only the end of its output kept."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tasks.base.programs.environment import for_programs
from tasks.base.programs.family import MARK, end_family, new_mark
from tasks.base.programs.output import Tail, Watch, follow, read_for_whoever_is_left, read_rest
from tasks.base.trim import clean

TAIL_LINES = 20
TAIL_CHARACTERS = 2_000
MOST_OUTPUT = 1_000_000
"""How many bytes of an output are kept, its end; they never go to the disk."""
_GRACE = 5.0
"""Seconds between asking a program to stop and killing it."""


@dataclass(frozen=True)
class Finished:
    """How a program ended. `problem`: None for exit code 0, else the reason in one line.

    output: without control characters, unless errors were kept apart: then it will be parsed.
    code: its exit code; None when it could not be run to its end. exact: its output, byte by byte.
    dropped: how many bytes of it came before that, and are gone.
    """

    problem: str | None
    output: str
    errors: str = ""
    code: int | None = None
    exact: bytes = b""
    dropped: int = 0

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
    only_env: bool = False,
    pid_file: Path | None = None,
    errors_apart: bool = False,
    called: str | None = None,
    grace: float = _GRACE,
    most: int = MOST_OUTPUT,
    watch: Watch | None = None,
) -> Finished:
    """Run a program in a session of its own; after `timeout` seconds it is ended, and all that it
    started, also what left its session.

    Our own settings and Prefect's are not passed on: they contain secrets. What it leaves running
    when it ends in time goes on, and nobody waits for what that says.
    only_env: pass on nothing but `env`.
    pid_file: identifies the running program, for `end_orphan` after we were killed.
    errors_apart: keep stderr out of an output that will be parsed.
    called: the program's name in `problem`; by default its whole command line.
    grace: seconds that it has to end after it was asked to; then it is killed.
    most: how many bytes of its output are kept.
    watch: asked again and again while it runs.
    """
    name = called or without_credentials(" ".join(argv))[:200]
    mark = new_mark()
    said, complained = Tail(most), Tail(most)
    with ExitStack() as reading:
        with ExitStack() as writing:
            output, output_end = _pipe(reading, writing)
            errors, errors_end = _pipe(reading, writing) if errors_apart else (None, None)
            try:
                process = subprocess.Popen(
                    list(argv),
                    cwd=cwd,
                    env={**({} if only_env else for_programs()), **(env or {}), MARK: mark},
                    stdin=subprocess.DEVNULL,
                    stdout=output_end,
                    stderr=subprocess.STDOUT if errors_end is None else errors_end,
                    start_new_session=True,
                )
            except OSError as error:
                return Finished(f"'{argv[0]}' cannot be run: {error.strerror or error}", "")
        pipes = {output: said} | ({} if errors is None else {errors: complained})
        try:
            _note_process(process.pid, mark, pid_file)
            stopped = follow(process, pipes, timeout, watch)
        finally:
            _end(process, mark, grace, pid_file)
        for pipe, tail in pipes.items():
            if read_rest(pipe, tail):
                read_for_whoever_is_left(pipe)
    code = None if stopped else process.returncode
    ended = f"ended with exit code {code}" if code else None
    problem = f"'{name}' {stopped or ended}" if stopped or ended else None
    return _finished(problem, said, complained, code, exact=errors_apart)


def end_orphan(pid_file: Path) -> str | None:
    """End the program that a killed predecessor left running, with all that it started; return
    its name, if there was one.

    The start time must match too, as the pid may meanwhile belong to another program.
    """
    name: str | None = None
    with suppress(OSError, ValueError, KeyError, TypeError, psutil.Error):
        entry = json.loads(pid_file.read_text("utf-8"))
        process = psutil.Process(int(entry["pid"]))
        if abs(process.create_time() - float(entry["started"])) < 1:
            name = process.name()
            end_family(process.pid, str(entry.get("mark") or ""), grace=0)
    pid_file.unlink(missing_ok=True)
    return name


def tail_of(text: str) -> str:
    """The last lines of a text, cleaned, without user names and passwords in URLs."""
    lines = [line.rstrip() for line in clean(text).splitlines() if line.strip()][-TAIL_LINES:]
    return without_credentials("\n".join(lines))[-TAIL_CHARACTERS:]


def without_credentials(text: str) -> str:
    """The text with `user:token@` removed from every URL in it."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _pipe(reading: ExitStack, writing: ExitStack) -> tuple[int, int]:
    """A pipe, of which each end is closed with its stack."""
    ends = os.pipe()
    for stack, end in zip((reading, writing), ends, strict=True):
        stack.callback(os.close, end)
    return ends


def _end(process: subprocess.Popen[bytes], mark: str, grace: float, pid_file: Path | None) -> None:
    """End it if it still runs, with its family; nobody needs to look for it any more."""
    if process.poll() is None:
        end_family(process.pid, mark, grace)
        with suppress(subprocess.TimeoutExpired):  # one that the kernel does not let go
            process.wait(_GRACE)
    if pid_file:
        pid_file.unlink(missing_ok=True)


def _note_process(pid: int, mark: str, pid_file: Path | None) -> None:
    if pid_file is None:
        return
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    pid_file.write_text(json.dumps({"pid": pid, "started": started, "mark": mark}), "utf-8")


def _finished(
    problem: str | None, said: Tail, complained: Tail, code: int | None, *, exact: bool
) -> Finished:
    text = said.content.decode("utf-8", "replace")
    if not exact:
        text = clean(text)
        if said.dropped:
            text = f"[{said.dropped} bytes before this were dropped]\n{text}"
    errors = clean(complained.content.decode("utf-8", "replace"))
    return Finished(problem, text, errors, code, said.content, said.dropped)
