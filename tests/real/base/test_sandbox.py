"""What nobody has approved: nothing of it outlives its end."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from support import not_available
from tasks.base.programs.sandbox import Sandbox, sandbox_problem


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """One with a folder of its own."""
    hidden, tree = tmp_path / "hidden", tmp_path / "tree"
    for folder in (hidden, tree):
        folder.mkdir()
    if problem := sandbox_problem(hidden):
        not_available(f"no sandbox: {problem}")
    return Sandbox(tree, hidden)


def test_when_it_has_ended_nothing_of_it_runs(box: Sandbox) -> None:
    """Also what it started in sessions of their own; and its exit code is the program's."""
    command = ["sleep", str(100_000 + os.getpid())]
    leaves = f"for _ in $(seq 20); do setsid {' '.join(command)} >/dev/null 2>&1 & done; exit 7"
    for _ in range(25):  # by chance it may be gone just in time
        finished = box.run(("sh", "-c", leaves), timeout=30)

        running = [each.info["cmdline"] for each in psutil.process_iter(["cmdline"])]
        assert 7 == finished.code
        assert command not in running


def test_a_program_that_is_not_there_is_named(box: Sandbox) -> None:
    """As it is outside of it."""
    finished = box.run(("no-such-program",), timeout=30)

    assert 127 == finished.code
    assert "no-such-program: not found" in finished.output
