"""One rollback of a target at a time, across threads, processes and installations."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import pytest

from processes.rollback_process import ENVIRONMENT
from schemas.errors import TargetError
from schemas.settings import Target
from tasks.target.lock import target_lock


@contextmanager
def _held_by_another_process(target: Target) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is killed or its input ends."""
    with subprocess.Popen(
        [sys.executable, __file__, target.model_dump_json()],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_lock_excludes_another_process_and_names_it(demo_target: Target) -> None:
    """After the timeout the error names the holder, and so does the line before."""
    lines: list[str] = []
    with _held_by_another_process(demo_target) as process:
        with (
            pytest.raises(TargetError, match=f"process {process.pid} .*has held a rollback"),
            target_lock(demo_target, Path("/elsewhere"), waiting=lines.append, timeout=0.1),
        ):
            pytest.fail("the lock was held")
        process.communicate("")

    assert lines == [
        f"waiting for process {process.pid} (AEEF_HOME /home/aeef), which holds a rollback of demo"
    ]


def test_the_lock_of_a_killed_process_is_free(demo_target: Target, tmp_path: Path) -> None:
    """The kernel releases it: nobody has to clean up after kill -9."""
    with _held_by_another_process(demo_target) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

    with target_lock(demo_target, tmp_path, waiting=pytest.fail, timeout=0.1):
        pass


def test_who_waits_gets_the_lock_when_it_is_free(demo_target: Target, tmp_path: Path) -> None:
    """A waiting rollback goes on as soon as the other is done."""
    with _held_by_another_process(demo_target) as process:

        def release(_: str) -> None:
            assert process.stdin
            process.stdin.close()

        with target_lock(demo_target, tmp_path, waiting=release, timeout=30):
            assert process.wait(10) == 0


def test_the_same_task_may_take_it_again(demo_target: Target, tmp_path: Path) -> None:
    """A flow that holds it calls steps that take it, in this thread or with its context."""

    def again() -> None:
        with target_lock(demo_target, tmp_path, timeout=0):
            pass

    with target_lock(demo_target, tmp_path):
        again()
        thread = threading.Thread(target=copy_context().run, args=(again,))
        thread.start()
        thread.join()


def test_another_thread_is_excluded(demo_target: Target, tmp_path: Path) -> None:
    """Two flows in one process exclude each other too."""
    refused: list[TargetError] = []

    def other() -> None:
        try:
            with target_lock(demo_target, tmp_path, timeout=0):
                pass
        except TargetError as error:
            refused.append(error)

    with target_lock(demo_target, tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert len(refused) == 1
    assert f"process {os.getpid()}" in str(refused[0])


def _hold(target_json: str) -> None:
    with target_lock(Target.model_validate_json(target_json), Path("/home/aeef")):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _hold(*sys.argv[1:])
