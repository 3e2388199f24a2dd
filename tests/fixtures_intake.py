"""Fixture: the intake, served on the loopback, with stand-ins, and with no Prefect to be found."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from deployments.intake.app import create_app
from deployments.intake.intervals import Timing
from schemas.incident import Incident
from schemas.settings import Settings
from standin_pagerduty import PagerDuty
from standins import StandIn, settings_for
from support import wait_until
from tasks.store import open_store

TOKEN = "intake-token-0123456789abcdef"
AT_ONCE = timedelta(0)
NEVER = timedelta(days=1)
QUICK = Timing(
    dispatch=0.05,
    sweep=0.05,
    dispatch_wait=0.2,
    page_late=NEVER,
    runbook_late=NEVER,
    runbook_missing=NEVER,
)
"""Only the door pages; a test that is about the sweep says so."""


class Intake:
    """A running intake, and what its users and its store say."""

    def __init__(self, settings: Settings, client: httpx.Client) -> None:
        self.settings = settings
        self.client = client
        self.store = open_store(settings)

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Speak to it as an authenticated sender."""
        headers = {"Authorization": f"Bearer {TOKEN}", **content.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **content)

    def report(self, **alert: Any) -> str:
        """Send an alert; the incident's id."""
        answer = self.ask("POST", "/v1/alerts", json={"severity": "P1", "type": "security"} | alert)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["incidentId"])

    def webhook(self, data: Any) -> dict[str, Any]:
        """Send Alertmanager's webhook; what the intake answers."""
        answer = self.ask("POST", "/v1/alertmanager", json=data)
        assert answer.status_code == 202, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    def incidents(self) -> list[Incident]:
        """Everything in the store."""
        return self.store.incidents(limit=1000)

    def actions(self, incident_id: str) -> list[str]:
        """What is on record as done, in order."""
        return [action.action for action in self.store.incident(incident_id).actions_taken]


StartIntake = Callable[..., Intake]


@contextmanager
def _served(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    """Serve in a thread, as `aeef up` does in a process."""
    config = uvicorn.Config(app, lifespan="on", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="intake")
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        yield
    finally:
        server.should_exit = True
        thread.join()


def _start(
    running: ExitStack, home: Path, *standins: StandIn, timing: Timing = QUICK, **sections: Any
) -> Intake:
    listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = listener.getsockname()[1]
    own = {"token": TOKEN, "port": port, **sections.pop("intake", {})}
    settings = settings_for(*standins, home=home, intake=own, **sections)
    running.callback(lambda: open_store(settings).close())
    app = create_app(settings, timing)
    running.enter_context(_served(app, listener))
    client = httpx.Client(base_url=settings.intake_url, timeout=30, trust_env=False)
    return Intake(settings, running.enter_context(client))


@pytest.fixture
def start_intake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartIntake]:
    """Start an intake with these stand-ins; all are stopped at the end."""
    # Prefect's client tries a refused connection again after 0.5 and 1 s: here it is for good.
    monkeypatch.setattr(httpcore.NetworkBackend, "sleep", lambda *_: None)
    with ExitStack() as running:
        yield partial(_start, running, home)


@pytest.fixture
def intake(start_intake: StartIntake, pagerduty: PagerDuty) -> Intake:
    """An intake that pages by PagerDuty."""
    return start_intake(pagerduty)


@pytest.fixture(scope="module")
def _empty_intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    with ExitStack() as running:
        yield _start(running, tmp_path_factory.mktemp("intake") / "home")


@pytest.fixture
def empty_intake(_empty_intake: Intake) -> Iterator[Intake]:
    """An intake for what it must refuse; several tests share it, and none leaves an incident."""
    yield _empty_intake
    assert [] == _empty_intake.incidents()
