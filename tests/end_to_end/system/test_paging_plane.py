"""Pages and health go on while the orchestrator hangs, which is worse than its being gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx
import psutil
import pytest

from fixtures.stack import Stack
from standins.pagerduty import VP_KEY
from support import wait_until

ASKED = 60
IMPATIENT = f"""\
[routes.P1.escalation]
to = "VP Engineering"
after = 20.0

[contacts.vp-engineering]
pagerduty_routing_key = "{VP_KEY}"
"""
"""The first level after so many seconds, instead of a quarter of an hour."""


@contextmanager
def hung(server: psutil.Process) -> Iterator[None]:
    """Prefect's server takes connections, and never answers."""
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


@pytest.mark.proves("SPEC-P1-time", "REQ-010-12")
def test_a_prefect_that_hangs_holds_up_no_page_and_no_probe(stack: Stack) -> None:
    """A monitor's probes are all answered, a P1 is paged, and its runbook runs when it goes on."""
    service = f"shop-{uuid4().hex[:8]}"
    with hung(stack.child("prefect_server")):
        with ThreadPoolExecutor(ASKED) as monitors:
            probes = [monitors.submit(probe, stack) for _ in range(ASKED)]
            incident_id = stack.report(service)
            wait_until(lambda: incident_id in stack.pagerduty.alerts)
        answers = [each.result() for each in probes]
        wait_until(lambda: stack.ask("GET", "/ready").status_code == 503)

    assert [200] * ASKED == answers
    stack.wait_for(stack.is_ready)
    assert stack.wait_until_over(incident_id)  # it fails, as nothing is deployed for this service


def probe(stack: Stack) -> int:
    """What a balancer sees."""
    return httpx.get(f"{stack.url}/health", timeout=60, trust_env=False).status_code


@pytest.fixture
def impatient(stack: Stack) -> Iterator[Stack]:
    """A system that escalates a P1 which is opened meanwhile soon, and rings the VP themselves."""
    stack.configure(more=IMPATIENT)
    yield stack
    stack.configure()


def test_without_any_orchestrator_the_on_call_rings_and_then_whom_the_level_names(
    impatient: Stack,
) -> None:
    """Prefect and the worker stand still, and the pager fails for a while: nobody is forgotten."""
    stack = impatient
    with ExitStack() as still:
        for words in ("prefect_server", "worker.main"):
            still.enter_context(hung(stack.child(words)))
        before = len(stack.pagerduty.requests)
        stack.pagerduty.fail_with(500, times=None)
        incident_id = stack.report(f"shop-{uuid4().hex[:8]}")
        wait_until(lambda: len(stack.pagerduty.requests) > before + 1)
        assert incident_id not in stack.pagerduty.alerts
        stack.pagerduty.recover()
        wait_until(lambda: incident_id in stack.pagerduty.alerts)
        wait_until(lambda: _called(stack, incident_id))

        assert [VP_KEY] == _called(stack, incident_id)[:1]
        actions = stack.actions(incident_id)
        assert "paged on-call by PagerDuty" in [action.partition(";")[0] for action in actions]
    stack.wait_for(stack.is_ready)


def _called(stack: Stack, incident_id: str) -> list[str]:
    """The routing keys of the levels that were called."""
    alerts = stack.pagerduty.alerts
    return [alerts[key].routed for key in alerts if key.startswith(f"{incident_id}:escalation")]
