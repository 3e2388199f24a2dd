"""A Prefect of one's own that answers 500 for a while: no runbook fails, and nobody is called."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fixtures.stack import Stack
from fixtures.templates import give_prefect_database
from samples.gates import Gates
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.prefect.hiccups import Hiccups
from standins.slack import Slack
from support import free_port, wait_until

ENOUGH = 10
"""Questions that were answered with 500: the run's own are among them."""


@contextmanager
def prefect_server(home: Path) -> Iterator[int]:
    """Prefect's server as others run it; its port."""
    port = free_port()
    home.mkdir(exist_ok=True)
    known = {k: v for k, v in os.environ.items() if not k.startswith(("AEEF_", "PREFECT_"))}
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            env={**known, "PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _answers(port), 240)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=10).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def hiccups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Hiccups]]:
    """A system that reaches its Prefect through a proxy."""
    home = tmp_path_factory.mktemp("hiccups")
    with PagerDuty() as pagerduty, Slack() as slack, Jira() as jira:
        stack = Stack(home / "home", pagerduty, slack, jira)
        give_prefect_database(home, stack.env)
        with prefect_server(home / "prefect") as port, Hiccups(port) as proxy:
            stack.env["PREFECT_API_URL"] = f"http://127.0.0.1:{proxy.port}/api"
            stack.prefect_api = f"http://127.0.0.1:{port}/api"
            try:
                stack.start()
                yield stack, proxy
            finally:
                stack.stop()


@pytest.mark.parametrize("step", ["choose", "deploy", "health"])
def test_a_prefect_that_answers_500_for_a_while_fails_no_rollback(
    hiccups: tuple[Stack, Hiccups], tmp_path: Path, step: str
) -> None:
    """In each step in turn: what the run asks of Prefect then is asked again, and nothing twice."""
    stack, proxy = hiccups
    gates = Gates(tmp_path, f"hiccup-{step}")
    stack.configure(gates.target)
    gates.close(step)
    incident_id = stack.report(gates.target.name)
    stack.wait_for(lambda: gates.is_reached(step))

    before, proxy.fails = proxy.refused, True
    try:
        gates.open(step)
        stack.wait_for(lambda: proxy.refused >= before + ENOUGH)
    finally:
        proxy.fails = False

    stack.wait_for(lambda: stack.state(incident_id) == "done")
    assert [] == stack.handed_over(incident_id)
    assert 1 == gates.times_run("deploy")
    assert "mitigated" == stack.incident(incident_id)["status"]
