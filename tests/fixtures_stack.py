"""Fixture: everything that `aeef up` starts, with stand-ins for the outside services."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest

from deployments.up.children import Memory
from sample_targets import free_port
from schemas.settings import Target
from standin_jira import Jira
from standin_pagerduty import PRIVACY_KEY, SECURITY_KEY, PagerDuty
from standin_slack import Slack

T = TypeVar("T")

TESTS = str(Path(__file__).parent)
START_SECONDS = 120.0
RUN_SECONDS = 90.0


class Stack:
    """A running `aeef up`, seen as its users see it: by HTTP and by its command line."""

    def __init__(self, home: Path, pagerduty: PagerDuty, slack: Slack, jira: Jira) -> None:
        self.home = home
        self.pagerduty, self.slack, self.jira = pagerduty, slack, jira
        self.intake_port, prefect_port = free_port(), free_port()
        self.prefect_api = f"http://127.0.0.1:{prefect_port}/api"
        self.config = home / "aeef.toml"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AEEF_", "PREFECT_"))},
            **pagerduty.env(),
            **slack.env(),
            **jira.env(),
            # workers find the tests' sample flows
            "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), TESTS))),
            "TMPDIR": str(home),  # what a killed process leaves is removed with it
            "AEEF_HOME": str(home),
            "AEEF_CONFIG": str(self.config),
            "AEEF_PREFECT_PORT": str(prefect_port),
            "AEEF_INTAKE__PORT": str(self.intake_port),
            "AEEF_RETRY__FIRST_WAIT": "0.2",
            "AEEF_RETRY__ATTEMPTS": "3",
            "AEEF_RETRY__REQUEST_TIMEOUT": "2",
            "AEEF_BREACH__PAGE__SECURITY": SECURITY_KEY,
            "AEEF_BREACH__PAGE__PRIVACY": PRIVACY_KEY,
            # tests of drift start it themselves
            "AEEF_DRIFT__EVERY": "0",
            "AEEF_BREACH__WATCH_EVERY": "0",
            "AEEF_DRIFT__CONFIRM_AFTER": "0",
        }
        self.url = f"http://127.0.0.1:{self.intake_port}"
        # One for all requests: to make one takes longer than the request. It keeps no connection.
        self._http = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
        self._up: subprocess.Popen[bytes] | None = None
        self._targets: dict[str, Target] = {}
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.configure()

    def start(self) -> None:
        """Run `aeef up` until it says that it is ready, and is."""
        before = self._times_ready()
        with (self.home / "up.log").open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "deployments.cli.app", "up"],
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.home,
            )
        self.wait_for(lambda: self.is_ready() and self._times_ready() > before, START_SECONDS)

    def _times_ready(self) -> int:
        log = self.home / "up.log"
        return log.read_text().count("ready; Ctrl-C") if log.exists() else 0

    def stop(self) -> None:
        """Ctrl-C; what a killed `aeef up` left, when a test failed before the next, ends too."""
        if self._up is not None:
            self._up.terminate()
            self._up.wait(60)
        Memory(self.home / "up.children").end_leftovers()
        self._http.close()

    @property
    def process(self) -> psutil.Process:
        """The process of `aeef up`."""
        assert self._up is not None
        return psutil.Process(self._up.pid)

    def kill(self) -> None:
        """`kill -9` of `aeef up` itself; what it started lives on."""
        self.process.kill()
        assert self._up is not None
        self._up.wait(30)

    def child(self, words: str) -> psutil.Process:
        """The direct child of `aeef up` with these words in its command."""
        return next(c for c in self.process.children() if words in " ".join(c.cmdline()))

    @property
    def worker(self) -> psutil.Process:
        """The process of the worker."""
        return self.child("deployments.worker.main")

    def is_ready(self) -> bool:
        """True when `/health` is ok."""
        assert self._up is not None
        assert self._up.poll() is None, (self.home / "up.log").read_text()
        try:
            return httpx.get(f"{self.url}/health", timeout=20).status_code == 200
        except httpx.HTTPError:
            return False

    def configure(self, *targets: Target, more: str = "") -> None:
        """Add targets to the config file; runs read it anew, and so does the command line."""
        self._targets |= {target.name: target for target in targets}
        lines = [more]
        for name, target in self._targets.items():
            table = target.model_dump(mode="json", exclude={"name"}, exclude_none=True)
            health = table.pop("health")
            lines += [f"[targets.{name}]", *_toml(table), f"[targets.{name}.health]"]
            lines += _toml(health)
        self.config.write_text("\n".join(lines) + "\n")

    def forget_targets(self) -> None:
        """Take all targets out of the config file: a later run must not touch them any more."""
        self._targets.clear()
        self.configure()

    def command(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `aeef …` and return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "deployments.cli.app", *arguments],
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.home,
        )

    @property
    def token(self) -> str:
        """The generated token."""
        return (self.home / "intake.token").read_text().strip()

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Speak to the intake as an authenticated sender."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._http.request(method, self.url + path, headers=headers, **content)

    def report(self, service: str, severity: str = "P1", **more: Any) -> str:
        """Send an alert of a failed deployment; the incident's id."""
        alert = {"type": "deployment-failure", "severity": severity, "service": service, **more}
        answer = self.ask("POST", "/v1/alerts", json=alert)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["incidentId"])

    def incident(self, incident_id: str) -> dict[str, Any]:
        """The record."""
        record: dict[str, Any] = self.ask("GET", f"/incidents/{incident_id}").json()
        return record

    def actions(self, incident_id: str) -> list[str]:
        """What is on record as done, in order."""
        return [action["action"] for action in self.incident(incident_id)["actionsTaken"]]

    def state(self, incident_id: str) -> str:
        """How far the runbook is."""
        return str(self.ask("GET", f"/incidents/{incident_id}/runbook").json()["state"])

    def run_id(self, incident_id: str) -> str:
        """The flow run that responds."""
        return str(self.ask("GET", f"/incidents/{incident_id}/runbook").json()["runId"])

    def handed_over(self, incident_id: str) -> list[str]:
        """What the pages say that ring beside the incident's own: failed, escalated."""
        return [
            alert.payload["summary"]
            for key, alert in self.pagerduty.alerts.items()
            if key.startswith(f"{incident_id}:")
        ]

    def wait_until_over(self, incident_id: str) -> str:
        """Wait until the runbook is done or failed; which of them."""
        self.wait_for(lambda: self.state(incident_id) in ("done", "failed"), RUN_SECONDS)
        return self.state(incident_id)

    def prefect(self, method: str, path: str, **content: Any) -> Any:
        """Speak to Prefect's API, as its UI does."""
        answer = self._http.request(method, self.prefect_api + path, **content)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, run_id: str) -> dict[str, Any]:
        """A flow run as Prefect has it."""
        found: dict[str, Any] = self.prefect("GET", f"/flow_runs/{run_id}")
        return found

    def press_retry(self, run_id: str, *, force: bool = False) -> None:
        """What the UI's Retry button does; `force` overrules Prefect, which may refuse."""
        state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
        body = {"state": state, "force": force}
        self.prefect("POST", f"/flow_runs/{run_id}/set_state", json=body)

    def wait_for(self, condition: Callable[[], T | None], seconds: float = RUN_SECONDS) -> T:
        """Ask again and again until the answer is true; the answer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := condition():
                return answer
            time.sleep(0.05)
        pytest.fail(f"not true within {seconds:.0f} s\n{self.logs()}")

    def logs(self) -> str:
        """The ends of all logs, for a test that fails."""
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-25:])
            for log in (self.home / "up.log", *sorted((self.home / "logs").glob("*.log")))
        )


def _toml(table: dict[str, Any]) -> list[str]:
    """TOML lines; JSON's strings, numbers and arrays are TOML's too."""
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]


@contextmanager
def running_stack(home: Path, **env: str) -> Iterator[Stack]:
    """A whole `aeef up` with stand-ins of its own. env: what differs from the defaults."""
    with ExitStack() as services:
        pagerduty, slack, jira = (
            services.enter_context(PagerDuty()),
            services.enter_context(Slack()),
            services.enter_context(Jira()),
        )
        stack = Stack(home, pagerduty, slack, jira)
        stack.env |= env
        try:
            stack.start()
            yield stack
        finally:
            for standin in (pagerduty, slack, jira):
                standin.recover()
                standin.release()
            stack.stop()


def ready(running: Stack) -> Iterator[Stack]:
    """A running system for one test, after which all that it sent is found to be valid."""
    running.wait_for(running.is_ready, START_SECONDS)
    yield running
    for standin in (running.pagerduty, running.slack, running.jira):
        standin.recover()
        assert [] == standin.violations


@pytest.fixture(scope="session")
def _running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "home") as stack:
        yield stack


@pytest.fixture
def stack(_running_stack: Stack) -> Iterator[Stack]:
    """The running system, shared by the session; each test uses services of its own."""
    yield from ready(_running_stack)
