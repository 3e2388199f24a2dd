"""What a program of a target gets of us: no secrets, no files, no more disk, time or family."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from support import wait_until
from tasks.base.programs.family import MARK
from tasks.base.run_command import end_orphan, run_command

SETSID = [sys.executable, "-c"]


def test_none_of_our_settings_and_none_of_prefect_s_are_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they are written; everything else is."""
    for name in ("AEEF_SLACK__TOKEN", "aeef_jira__token", "PREFECT_API_KEY", "PREFECT_X"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("KUBECONFIG", "/etc/kube")

    said = run_command(("env",), cwd=tmp_path, timeout=30).output

    assert "s3cret" not in said
    assert "KUBECONFIG=/etc/kube" in said


def test_none_of_our_open_files_are_passed_on(tmp_path: Path) -> None:
    """It has its input, its output and its errors."""
    with (tmp_path / "secret").open("w") as mine, os.fdopen(os.dup(mine.fileno()), "w"):
        said = run_command(("sh", "-c", "ls -l /proc/$$/fd"), cwd=tmp_path, timeout=30).output

    assert "secret" not in said
    assert {"0", "1", "2"} >= {line.split()[-3] for line in said.splitlines()[1:]} - {"10", "255"}


def test_an_endless_output_takes_no_disk_and_its_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before is counted, and gone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    finished = run_command(
        ("sh", "-c", "head -c 300000000 /dev/zero | tr '\\0' x; echo; echo the end; ls -A ."),
        cwd=tmp_path,
        timeout=120,
    )

    assert finished.problem is None
    assert finished.dropped > 298_000_000
    assert finished.output.startswith(f"[{finished.dropped} bytes before this were dropped]")
    assert finished.output.endswith("\nthe end\n")
    assert len(finished.output) < 1_000_100


def test_a_child_in_a_session_of_its_own_does_not_outlive_the_deadline(tmp_path: Path) -> None:
    """Nor one whose parent is gone."""
    program = (
        "import os, subprocess, sys, time\n"
        "if os.fork(): time.sleep(1000)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "open('pid', 'w').write(str(os.getpid()))\n"
        "time.sleep(1000)\n"
    )
    finished = run_command((*SETSID, program), cwd=tmp_path, timeout=2, grace=0.2)

    assert "did not finish within 2 s" in str(finished.problem)
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not psutil.pid_exists(pid) or _is_dead(pid))


def test_the_family_of_an_orphan_is_ended_too(tmp_path: Path) -> None:
    """By the mark in its environment, which the successor reads beside its pid."""
    noted = tmp_path / "pid.json"
    program = "trap '' TERM; setsid sleep 1000 & echo $! > child; sleep 1000"
    code = (
        "from pathlib import Path; from tasks.base.run_command import run_command;"
        f"run_command(('sh', '-c', {program!r}), cwd=Path({str(tmp_path)!r}), timeout=900,"
        f" pid_file=Path({str(noted)!r}))"
    )
    starter = psutil.Popen([sys.executable, "-c", code])
    child = tmp_path / "child"
    pid = int(wait_until(lambda: child.read_text().strip() if child.exists() else None))
    wait_until(noted.exists)
    starter.kill()
    starter.wait()

    assert not _is_dead(pid)
    assert end_orphan(noted) == "sh"
    wait_until(lambda: _is_dead(pid))


def test_a_server_left_running_may_go_on_talking(tmp_path: Path) -> None:
    """Nobody listens, but it is neither ended nor held up by that."""
    script = "(while echo more than a pipe holds; do :; done) & echo $!"
    finished = run_command(("sh", "-c", script), cwd=tmp_path, timeout=30)
    server = psutil.Process(int(finished.output.split()[0]) if finished.output[0].isdigit() else 0)
    try:
        before = server.cpu_times().user
        wait_until(lambda: server.cpu_times().user > before + 0.2)
        assert server.is_running()
    finally:
        server.kill()


def test_what_a_program_says_is_cleaned_as_it_comes_in(tmp_path: Path) -> None:
    """Unless it will be parsed; what it complains of is cleaned even then."""
    script = "printf '\\033[31mred\\033[0m \\033]0;title\\007\\302\\205\\342\\200\\256x\\r\\n'"
    shown = run_command(("sh", "-c", script), cwd=tmp_path, timeout=30)
    apart = run_command(
        ("sh", "-c", f"{script}; {script} >&2; exit 1"),
        cwd=tmp_path,
        timeout=30,
        errors_apart=True,
    )

    assert "red \nx\n" == shown.output
    assert shown.exact.startswith(b"\x1b[31m")
    assert "\x1b" in apart.output
    assert "\x1b" not in f"{apart.errors}{apart.tail}{apart}"


def test_a_watch_ends_the_program(tmp_path: Path) -> None:
    """With its reason."""
    finished = run_command(
        ("sleep", "1000"), cwd=tmp_path, timeout=900, watch=lambda _pid: "filled the disk"
    )

    assert "'sleep 1000' filled the disk" == finished.problem
    assert finished.code is None


def test_only_what_is_given_is_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """Besides the mark by which its family is found."""
    said = run_command(
        ("/usr/bin/env",), cwd=tmp_path, timeout=30, env={"A": "1"}, only_env=True
    ).output

    assert {"A", MARK} == {line.partition("=")[0] for line in said.splitlines()}


def _is_dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
