"""How fast people hear and services come back: `python tests/bench_pages.py`, some minutes.

Side by side in one run: a page sent by the spec's shell script, and by the intake. Then, with
Prefect's stock process worker: alert to the first containing action, and a storm.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from fixtures_stack import Stack
from sample_targets import command_target
from standin_jira import Jira
from standin_pagerduty import ROUTING_KEY, PagerDuty
from standin_slack import Slack

QUIET, CONTAINED, STORM = 50, 5, 20
SHELL = """\
curl -s -X POST "$URL/v2/enqueue" -H "Content-Type: application/json" -d @- <<EOF
{"routing_key": "$KEY", "event_action": "trigger", "payload": {"summary": "AEEF P1: unknown",
 "severity": "critical", "source": "aeef-monitoring", "component": "governance"}}
EOF
"""


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as services:
        pagerduty, slack, jira = (
            services.enter_context(PagerDuty()),
            services.enter_context(Slack()),
            services.enter_context(Jira()),
        )
        stack = Stack(Path(directory) / "home", pagerduty, slack, jira)
        stack.start()
        try:
            _say(f"{os.cpu_count()} cores, SQLite, stock process worker; seconds")
            _say("page, the spec's shell script:    " + _spread(_shell_pages(pagerduty)))
            _say("page, alert posted at the intake: " + _spread(_pages(stack)))
            contained = [_contained(stack, Path(directory), n) for n in range(CONTAINED)]
            _say("alert to first containing action: " + _spread(contained))
            _storm(stack)
        finally:
            stack.stop()


def _shell_pages(pagerduty: PagerDuty) -> list[float]:
    env = {**os.environ, "URL": pagerduty.url, "KEY": ROUTING_KEY}
    took = []
    for _ in range(QUIET):
        began = time.monotonic()
        subprocess.run(["bash", "-c", SHELL], env=env, check=True, capture_output=True)
        took.append(pagerduty.requests[-1].at - began)
    return took


def _pages(stack: Stack) -> list[float]:
    """P2 of a type without a rollback, one a second or so: each after the last one's runbook."""
    took = []
    for number in range(QUIET):
        began = time.monotonic()
        incident_id = stack.report(f"page-{number}", "P2", type="unknown", description="bench")
        took.append(_paged_at(stack, incident_id) - began)
        if number % 10 == 9:
            _wait_for_all(stack)
    return took


def _contained(stack: Stack, directory: Path, number: int) -> float:
    target = command_target(directory / f"bench-{number}")
    target = target.model_copy(update={"name": f"bench-{number}", "services": ()})
    stack.configure(target)
    began = time.monotonic()
    incident_id = stack.report(target.name)
    stack.wait_for(lambda: any(text.startswith("chose") for text in stack.actions(incident_id)))
    took = time.monotonic() - began
    stack.wait_until_over(incident_id)
    return took


def _storm(stack: Stack) -> None:
    alerts = [
        {"type": "unknown", "severity": "P2", "service": f"storm-{n}", "description": "bench"}
        for n in range(STORM)
    ]
    began = time.monotonic()
    answers = stack.ask("POST", "/v1/alerts", json=alerts).json()["incidents"]
    durable = time.monotonic() - began
    last = max(_paged_at(stack, answer["incidentId"]) for answer in answers) - began
    _wait_for_all(stack)
    over = time.monotonic() - began
    _say(f"storm of {STORM}: durable {durable:.2f}, last page {last:.2f}, all run {over:.1f}")


def _paged_at(stack: Stack, incident_id: str) -> float:
    stack.wait_for(lambda: incident_id in stack.pagerduty.alerts)
    return next(r.at for r in stack.pagerduty.requests if incident_id.encode() in r.body)


def _wait_for_all(stack: Stack) -> None:
    """Wait for every runbook; show how far it is."""
    known = [each["incidentId"] for each in stack.ask("GET", "/incidents?limit=1000").json()]
    for number, incident_id in enumerate(known, 1):
        stack.wait_for(partial(_is_done, stack, incident_id), 600)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number} of {len(known)} runbooks done ")
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 40 + "\r")


def _is_done(stack: Stack, incident_id: str) -> bool:
    return stack.state(incident_id) == "done"


def _spread(took: Sequence[float]) -> str:
    ranked = sorted(took)
    late = ranked[min(len(ranked) - 1, round(0.95 * len(ranked)))]
    return f"p50 {statistics.median(took):.3f}  p95 {late:.3f}  max {ranked[-1]:.3f}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
