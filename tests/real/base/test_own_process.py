"""No other program of the same user can look into our processes, nor find settings beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployments.handover import START, Handover
from support import ROOT, not_available, wait_until
from tasks.base.programs.sandbox import NOBODY, sandbox_problem

SECRET = "K3yThatNobodyMaySee"
WAITS = """
import os, sys
from schemas.held import held
assert "K3yThatNobodyMaySee" in held().values(), held()
assert "AEEF_SLACK__TOKEN" not in os.environ
assert os.environ["PREFECT_API_KEY"] == "K3yThatNobodyMaySee"
kept = open("held", "w")
kept.write("ready"); kept.flush()
if len(sys.argv) > 1 and os.fork() == 0:
    open("forked", "w").write(str(os.getpid()))
import signal; signal.pause()
"""
LOOK = """
import os, sys
for name in ("environ", "mem", "fd", "maps", "cwd", "fd/0"):
    path = f"/proc/{sys.argv[1]}/{name}"
    try:
        got = os.listdir(path) if name == "fd" else os.readlink(path) if name == "cwd" else None
        got = got or open(path, "rb").read(1) and "read"
    except OSError as error:
        got = type(error).__name__
    print(name, got)
"""
REFUSED = "PermissionError"


@pytest.fixture
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that an unprivileged user can run."""
    found = os.path.realpath(sys.executable)
    asked = _as_nobody([found, "-c", "pass"])
    if asked.returncode:
        not_available(f"another user cannot run {found}")
    return found


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder of an unprivileged user, with our code in it."""
    folder = Path("/tmp") / f"aeef-test-{os.getpid()}"
    folder.mkdir()
    for package in ("schemas", "tasks", "deployments"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=ignore)
    (folder / "waits.py").write_text(WAITS)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def _unprivileged() -> dict[str, Any]:
    """Root reads everything: then both are somebody else."""
    if os.geteuid():
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _as_nobody(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd="/", **_unprivileged()
    )


def _looked_at(python: str, pid: int) -> dict[str, str]:
    said = _as_nobody([python, "-c", LOOK, str(pid)]).stdout
    return dict(line.split(" ", 1) for line in said.splitlines())


@pytest.mark.parametrize("which", ["itself", "forked"])
def test_a_neighbour_of_the_same_user_sees_nothing(
    python: str, shared: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the environment, memory or files; nor of a process that was forked, as for a run."""
    monkeypatch.chdir(shared)
    given = {"PYTHONPATH": str(shared), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    handover = Handover(
        given | {"AEEF_HOME": str(shared), "AEEF_SLACK__TOKEN": SECRET, "PREFECT_API_KEY": SECRET}
    )
    arguments = ["fork"] if which == "forked" else []
    ours = subprocess.Popen(
        [python, *START[1:], "waits", *arguments],
        env=handover.environment,
        stdin=handover.stdin,
        start_new_session=True,
        **_unprivileged(),
    )
    handover.begin()
    try:
        wait_until(lambda: _text(shared / "held") == "ready" or ours.poll() is not None)
        pid = int(wait_until(lambda: _text(shared / "forked"))) if arguments else ours.pid
        assert SECRET not in " ".join(psutil.Process(pid).environ().values())
        seen = _looked_at(python, pid)

        assert {"environ", "mem", "fd", "maps", "cwd", "fd/0"} == set(seen)
        assert {REFUSED} == set(seen.values())
    finally:
        os.killpg(ours.pid, 9)
        ours.wait()


def test_an_open_process_of_the_same_user_would_be_seen(python: str) -> None:
    """So what is not seen above is closed, and not merely somebody else's."""
    with subprocess.Popen(
        [python, "-c", "print('ready', flush=True); import signal; signal.pause()"],
        stdout=subprocess.PIPE,
        **_unprivileged(),
    ) as open_one:
        try:
            assert open_one.stdout
            open_one.stdout.readline()
            assert "read" == _looked_at(python, open_one.pid)["environ"]
        finally:
            open_one.kill()


def test_a_process_whose_giver_is_gone_does_not_start_without_settings(tmp_path: Path) -> None:
    """It says why it ends."""
    ended = subprocess.run(
        [*START, "deployments.cli.app", "--help"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )

    assert 1 == ended.returncode
    assert "handed no settings over" in ended.stderr


def test_at_its_end_a_process_does_not_look_through_everything_for_garbage() -> None:
    """That would be a quarter of the time of a command; what has to be done at the end is done."""
    leaves = """
import atexit
from deployments.handover import look_seldom_for_garbage
look_seldom_for_garbage()
class Found:
    def __del__(self): print("looked for garbage")
found = Found()
found.itself = found
del found
atexit.register(print, "done")
"""
    command = [sys.executable, "-c", leaves]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)

    assert b"done\n" == ended.stdout


def test_the_sandbox_works_for_an_unprivileged_user(python: str, shared: Path) -> None:
    """As it does for root, who becomes one in there."""
    if problem := sandbox_problem(shared):
        not_available(f"no sandbox: {problem}")
    code = (
        "import sys; sys.path[:0] = sys.argv[1:];"
        "from pathlib import Path; from tasks.base.programs.sandbox import sandbox_problem;"
        f"print(sandbox_problem(Path({str(shared)!r})))"
    )
    site = str(Path(psutil.__file__).parents[1])
    asked = _as_nobody([python, "-B", "-c", code, str(shared), site])
    if "PermissionError" in asked.stderr or "ModuleNotFoundError" in asked.stderr:
        not_available("another user cannot read the packages here")

    assert "None\n" == asked.stdout, asked.stderr


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
