"""Children are kept running, and ended with all that they started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deployments.up.children import Child, Memory
from support import wait_until

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").write("ready")
time.sleep(600)
"""


@pytest.fixture
def started(home: Path) -> Iterator[list[Child]]:
    """Children of a test; whatever happens, they are ended."""
    home.mkdir()
    children: list[Child] = []
    yield children
    for child in children:
        child.stop()


def child_of(home: Path, started: list[Child], program: str, **options: float) -> Child:
    """A child that runs a Python program, with `home/said` as its argument."""
    environment = {**os.environ, "AEEF_HOME": str(home)}
    command = [sys.executable, "-c", program, str(home / "said")]
    child = Child("sample", command, environment, home / "log", **options)
    started.append(child)
    return child


def said(home: Path) -> str:
    """What the program wrote, once it did."""
    path = home / "said"
    return wait_until(lambda: path.read_text() if path.exists() else "")


def ended(pid: int) -> bool:
    """True when no such process runs any longer."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_a_child_that_dies_is_started_again_with_growing_waits(
    home: Path, started: list[Child]
) -> None:
    """Each restart is reported, with the exit code and the log's path."""
    child = child_of(home, started, "raise SystemExit(3)", first_wait=0.01)
    child.start()
    lines: list[str] = []
    for _ in range(3):
        wait_until(lambda: child.keep_running(lines.append))

    assert [
        f"sample ended with code 3; it is started again in {wait} s (log: {home / 'log'})"
        for wait in ("0.01", "0.02", "0.04")
    ] == lines


def test_a_child_that_runs_is_left_alone(home: Path, started: list[Child]) -> None:
    """Nothing is started, nothing is printed."""
    child = child_of(home, started, FAMILY)
    child.start()
    pid = child.process_id

    assert not child.keep_running(pytest.fail)
    assert pid == child.process_id


def test_what_a_child_says_is_in_its_log(home: Path, started: list[Child]) -> None:
    """Also when it is started again: the log goes on."""
    child = child_of(home, started, "print('hello', flush=True)", first_wait=0.01)
    child.start()
    wait_until(lambda: child.keep_running(lambda _: None))
    wait_until(lambda: child.process_id is None)

    assert "hello\nhello\n" == (home / "log").read_text()


def test_stop_ends_the_whole_family(home: Path, started: list[Child]) -> None:
    """The child and what it started."""
    child = child_of(home, started, FAMILY)
    child.start()
    parent, grandchild = child.process_id, int(said(home))
    child.stop()

    assert parent is not None
    assert [True, True] == [ended(parent), ended(grandchild)]
    assert child.process_id is None


def test_stop_also_ends_what_a_dead_child_left(home: Path, started: list[Child]) -> None:
    """The child was killed: its own children are still there, and are found."""
    child = child_of(home, started, FAMILY)
    child.start()
    grandchild = int(said(home))
    psutil.Process(child.process_id).kill()
    wait_until(lambda: child.process_id is None)
    assert not ended(grandchild)
    child.stop()

    assert ended(grandchild)


def test_a_child_that_does_not_listen_is_ended_by_force(
    home: Path, started: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while."""
    monkeypatch.setattr("deployments.up.children.STOP_SECONDS", 0.2)
    child = child_of(home, started, STUBBORN)
    child.start()
    pid = child.process_id
    said(home)
    child.stop()

    assert pid is not None
    assert ended(pid)


def test_stopping_twice_or_before_the_start_does_nothing(home: Path, started: list[Child]) -> None:
    """`aeef up` stops everything, whatever did start."""
    child = child_of(home, started, FAMILY)
    child.stop()
    child.start()
    child.stop()
    child.stop()

    assert child.process_id is None


def test_the_leftovers_of_a_kill_are_ended_at_the_next_start(
    home: Path, started: list[Child]
) -> None:
    """A new `aeef up` reads who ran, and ends them with all that they started."""
    child = child_of(home, started, FAMILY)
    child.start()
    grandchild = int(said(home))
    Memory(home / "up.children").keep([child])
    left = Memory(home / "up.children").end_leftovers()

    assert 2 == left
    assert ended(grandchild)
    assert child.process_id is None
    assert 0 == Memory(home / "up.children").end_leftovers()


def test_leftovers_are_found_when_their_parent_is_gone_too(
    home: Path, started: list[Child]
) -> None:
    """The child died after `aeef up` did; what it had started is still there."""
    child = child_of(home, started, FAMILY)
    child.start()
    grandchild = int(said(home))
    Memory(home / "up.children").keep([child])
    psutil.Process(child.process_id).kill()
    wait_until(lambda: child.process_id is None)

    assert 1 == Memory(home / "up.children").end_leftovers()
    assert ended(grandchild)


def test_a_number_that_is_another_program_by_now_is_left_alone(home: Path) -> None:
    """Its start time differs from the recorded one, so it is another process."""
    home.mkdir()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        created = psutil.Process(stranger.pid).create_time()
        (home / "up.children").write_text(json.dumps([[stranger.pid, created - 100]]))

        assert 0 == Memory(home / "up.children").end_leftovers()
        assert stranger.poll() is None
        assert not (home / "up.children").exists()
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("text", ["", "{", "nonsense"])
def test_a_spoiled_memory_is_no_obstacle(home: Path, text: str) -> None:
    """A half-written file does not keep `aeef up` from starting."""
    home.mkdir()
    (home / "up.children").write_text(text)

    assert 0 == Memory(home / "up.children").end_leftovers()


def test_nothing_is_remembered_after_a_stop_in_good_order(home: Path) -> None:
    """There is nothing to clean up then."""
    home.mkdir()
    memory = Memory(home / "up.children")
    memory.keep([])
    memory.forget()
    memory.forget()

    assert [] == list(home.iterdir())
