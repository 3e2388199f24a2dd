"""A wheel in an empty environment, used in a folder that has packages of our names."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from support import ROOT, free_port, wait_until

SARIF = ROOT / "tests/samples/findings/bandit.sarif"
OURS = ("schemas", "tasks", "flows", "deployments")
DATA = (
    "schemas/incident.schema.json",
    "schemas/history.schema.json",
    "schemas/provenance.schema.json",
    "schemas/agent-registry.schema.json",
    "schemas/breach/regimes.toml",
    "schemas/hooks/mappings/azure-monitor.toml",
    "deployments/intake/pages/templates/base.html",
    "deployments/prefect_server/no_authority.pem",
    "tasks/store/database/migrations/env.py",
)
"""Files that are read by their place, one of each kind at least."""
RUN_BY_ALEMBIC = "tasks/store/database/migrations/env.py"
IMPORT_ALL = """\
import importlib, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    assert module.__file__.startswith(sys.prefix), f"{name} comes from {module.__file__}"
"""
DECOY = "raise RuntimeError('this is not ours: ' + __file__)\n"


class Installed:
    """The command `aeef` of an environment, as somebody uses it who stands in a folder."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.python = environment / "bin" / "python"
        self.aeef = environment / "bin" / "aeef"
        self.folder = folder
        self.home = folder.parent / f"{folder.name}-home"
        self.port = free_port()
        kept = ("PATH", "LANG", "TZ")
        self.env = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(folder.parent),
            "AEEF_HOME": str(self.home),
            "AEEF_INTAKE__PORT": str(self.port),
            "AEEF_PREFECT_PORT": str(free_port()),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `aeef …` and return what it printed; never with a traceback."""
        ran = subprocess.run(
            [self.aeef, *arguments],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in ran.stderr, ran.stderr
        return ran

    @contextmanager
    def up(self) -> Iterator[None]:
        """`aeef up`, ready; stopped by Ctrl-C, which leaves nothing running."""
        log = self.folder.parent / "up.log"
        with log.open("w") as said:
            started = subprocess.Popen(
                [self.aeef, "up"], env=self.env, cwd=self.folder, stdout=said, stderr=said
            )
        children: list[psutil.Process] = []
        try:
            wait_until(lambda: "ready; Ctrl-C" in log.read_text() or self._ended(started, log), 120)
            children = psutil.Process(started.pid).children(recursive=True)
            yield
        finally:
            started.terminate()
            started.wait(60)
        wait_until(lambda: not any(child.is_running() for child in children), 30)

    def send_findings(self, report: Path) -> httpx.Response:
        """Post a scanner's report to the intake."""
        token = (self.home / "intake.token").read_text().strip()
        return httpx.post(
            f"http://127.0.0.1:{self.port}/v1/findings?service=another",
            content=report.read_bytes(),
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )

    def _ended(self, started: subprocess.Popen[bytes], log: Path) -> bool:
        assert started.poll() is None, log.read_text()
        logs = "\n".join(each.read_text() for each in (self.home / "logs").glob("*.log"))
        assert "this is not ours" not in logs, logs[-3000:]
        return False


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    place = tmp_path_factory.mktemp("wheel")
    # hatchling is in the environment of the tests: this needs no package index.
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(ROOT))
    [built] = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it, and what it needs from the one of the tests."""
    place = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(place, symlinks=True)
    python = str(place / "bin" / "python")
    _pip("--python", python, "install", "--no-deps", "--no-index", str(wheel))
    purelib = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    # A folder that is named in a .pth file is searched, but the .pth files in it are not read:
    # so the tests' own installation, which is this tree, is not found through it.
    Path(purelib, "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of somebody who calls their packages as we call ours."""
    place = tmp_path / "project"
    for name in OURS:
        (place / name).mkdir(parents=True)
        (place / name / "__init__.py").write_text(DECOY)
    return place


def test_the_wheel_has_every_module_and_what_they_read(wheel: Path, environment: Path) -> None:
    """Each module is imported from it; the data lie beside the modules that read them."""
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    here = {
        path.relative_to(ROOT).as_posix()
        for room in OURS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in sorted(names)
        if name.endswith(".py") and name != RUN_BY_ALEMBIC
    ]

    assert set() == set(DATA) - names
    assert set() == here - names
    command = [str(environment / "bin" / "python"), "-P", "-W", "error", "-c", IMPORT_ALL, *modules]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (0, "") == (ran.returncode, ran.stderr)


def test_plain_commands_work_beside_packages_of_our_names(environment: Path, folder: Path) -> None:
    """None of them takes a module, or a file that it reads, from the folder."""
    installed = Installed(environment, folder)

    assert installed.run("--version").stdout.startswith("aeef ")
    made = installed.run("init-demo")
    assert (0, "") == (made.returncode, made.stderr)
    listed = installed.run("incidents", "list", "--json")
    assert (0, "[]") == (listed.returncode, listed.stdout.strip()), listed.stderr
    plan = installed.run("rollback", "--target", "demo", "--dry-run")
    assert (0, True) == (plan.returncode, "would roll demo back" in plan.stdout), plan.stderr
    # Nothing runs yet, and it says so, line by line.
    examined = installed.run("doctor")
    assert (1, "") == (examined.returncode, examined.stderr)
    assert "aeef up" in examined.stdout


def test_up_works_beside_packages_of_our_names(environment: Path, folder: Path) -> None:
    """Server, intake, worker and run are ours: the alert is taken in and the runbook is done."""
    installed = Installed(environment, folder)
    assert 0 == installed.run("init-demo").returncode
    report = ("report", "deployment-failure", "--service", "demo", "--wait")

    # `demo` deploys the bad release again; to make another home would take as long as all this.
    for worker, command in {"warm": report, "process": ("demo",)}.items():
        installed.env["AEEF_WORKER__KIND"] = worker
        with installed.up():
            reported = installed.run(*command)

            assert 0 == reported.returncode, reported.stdout + reported.stderr
            assert "rolled demo back from" in reported.stdout
            assert 200 == httpx.get(f"http://127.0.0.1:{installed.port}/health").status_code
            # Read by a process that the intake starts for it.
            assert 202 == installed.send_findings(SARIF).status_code


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == ran.returncode, ran.stderr
