"""Running the target's programs: deadlines, output, orphans; and replacing files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from processes.rollback_process import gone
from tasks.base.replace_file import replace_file
from tasks.base.run_command import end_orphan, run_command, tail_of


def test_a_server_left_running_does_not_keep_us_waiting(tmp_path: Path) -> None:
    """A deploy script that starts a server in the background is over when it ends."""
    finished = run_command(("sh", "-c", "sleep 1000 & echo $!"), cwd=tmp_path, timeout=30)

    server = psutil.Process(int(finished.output))
    assert server.is_running()
    server.kill()
    assert gone(server.pid)


def test_a_program_that_ignores_the_polite_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM first, then SIGKILL, for the whole group."""
    monkeypatch.setattr("tasks.base.run_command._GRACE", 0.1)
    script = "trap '' TERM; sleep 1000 & echo $!; wait; wait"

    finished = run_command(("sh", "-c", script), cwd=tmp_path, timeout=0.3)

    assert "did not finish within 0.3 s" in str(finished.problem)
    assert gone(int(finished.output))


def test_only_the_end_of_a_long_output_is_shown() -> None:
    """Twenty lines, at most two thousand characters, no passwords."""
    text = "\n".join(f"line {n} https://u:p@host/" for n in range(100))

    assert tail_of(text).splitlines()[0] == "line 80 https://host/"
    assert len(tail_of("x" * 10_000)) == 2_000


def test_errors_can_be_kept_apart_from_the_answer(tmp_path: Path) -> None:
    """A warning on stderr does not get into a commit that a program prints."""
    finished = run_command(
        ("sh", "-c", "echo warning >&2; echo abc"), cwd=tmp_path, timeout=30, errors_apart=True
    )

    assert finished.output == "abc\n"
    assert finished.tail == "warning"


def test_an_orphan_is_only_ended_if_it_is_the_same_process(tmp_path: Path) -> None:
    """A pid that belongs to another program by now is left alone."""
    pid_file = tmp_path / "pid.json"
    pid_file.write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))

    assert end_orphan(pid_file) is None
    assert not pid_file.exists()
    assert end_orphan(pid_file) is None


def test_the_pid_file_is_gone_when_the_program_is(tmp_path: Path) -> None:
    """Nothing is left for the next rollback to end."""
    pid_file = tmp_path / "pid.json"

    run_command(("true",), cwd=tmp_path, timeout=30, pid_file=pid_file)

    assert not pid_file.exists()


def test_a_file_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk leaves the old content and no rest of the new."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
