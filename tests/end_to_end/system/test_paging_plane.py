"""Pages and health go on while the orchestrator hangs, which is worse than its being gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import httpx
import psutil

from fixtures.stack import Stack
from support import wait_until

ASKED = 60


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
