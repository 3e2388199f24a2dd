"""What each patch of Prefect saves: everything on, one of them off, all off; in turn, in one run.

    .venv/bin/python tests/bench_patches.py [--rounds 3] [--only task-events …]

Counted is processor time, not time that passes: of Prefect's server, and of the worker with its
runs, for each of so many incidents at once of which people are told (page, message, ticket,
record), and for some one after the other. The server logs its requests, so that they can be
counted; that costs the same in each. The stacks of a round come one after the other, so that
a machine that changes its speed changes it for all; the figure of each is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from bench_spread import say
from fixtures_stack import Stack
from schemas.settings import PATCHES_VARIABLE, PrefectPatch
from standin_jira import Jira
from standin_pagerduty import PagerDuty
from standin_slack import Slack

STORM, SINGLE, WARM_UP = 24, 6, 6
OVER = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]
ON, OFF = "on", "off"
SERVER = "prefect_server.embedded"
SETTLE_SECONDS = 3.0
"""Events are written a second after the run."""
LONGEST_SECONDS = 600.0


class Figures(NamedTuple):
    """Per incident: seconds of processor time in a storm and one by one; requests; seconds."""

    server: float
    worker: float
    single_server: float
    single_worker: float
    single_seconds: float
    storm_seconds: float
    requests: float

    @property
    def storm(self) -> float:
        """Processor time of an incident in a storm."""
        return self.server + self.worker

    @property
    def single(self) -> float:
        """Processor time of an incident that comes alone."""
        return self.single_server + self.single_worker


def main() -> None:
    """Measure and print: a line for each, then all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=[str(each) for each in PrefectPatch])
    asked = parser.parse_args()
    ways = [ON, *(f"-{name}" for name in asked.only or map(str, PrefectPatch)), OFF]
    found: dict[str, list[Figures]] = {way: [] for way in ways}
    for number in range(asked.rounds):
        # Every second round backwards: what comes late in a round is not always the same.
        for way in ways[:: -1 if number % 2 else 1]:
            found[way].append(_measure(way))
            say(f"round {number + 1} {way}: {found[way][-1]}")
    say(table(found))
    figures = {way: [each._asdict() for each in found[way]] for way in ways}
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


def table(found: dict[str, list[Figures]]) -> str:
    """How much more each costs than with everything on, in per cent, by the medians."""
    on = median(found[ON])
    lines = [
        f"{'off':24}{'server':>9}{'worker':>9}{'both':>9}{'1 by 1':>9}{'requests':>10}",
        f"{'(nothing)':24}{on.server:8.3f}s{on.worker:8.3f}s{on.storm:8.3f}s{on.single:8.3f}s"
        f"{on.requests:10.1f}",
    ]
    for way, figures in found.items():
        if way != ON:
            here = median(figures)
            more = [
                f"{100 * (ours / usual - 1):+7.0f} %"
                for ours, usual in (
                    (here.server, on.server),
                    (here.worker, on.worker),
                    (here.storm, on.storm),
                    (here.single, on.single),
                )
            ]
            lines.append(f"{way:24}{''.join(more)}{here.requests:10.1f}")
    return "\n".join(lines)


def median(figures: Iterable[Figures]) -> Figures:
    """Of each figure by itself."""
    return Figures(*map(statistics.median, zip(*figures, strict=True)))


def _measure(way: str) -> Figures:
    with _running(way) as stack:
        before = _requests(stack)
        server, worker, seconds = _cost(stack, lambda: _storm(stack, STORM))
        requests = _requests(stack) - before
        alone = _cost(stack, lambda: _one_by_one(stack, SINGLE))
    return Figures(
        server=round(server / STORM, 4),
        worker=round(worker / STORM, 4),
        single_server=round(alone[0] / SINGLE, 4),
        single_worker=round(alone[1] / SINGLE, 4),
        single_seconds=round(alone[2] / SINGLE, 3),
        storm_seconds=round(seconds, 2),
        requests=round(requests / STORM, 1),
    )


@contextmanager
def _running(way: str) -> Iterator[Stack]:
    """`aeef up`, with some runs behind it."""
    with ExitStack() as services:
        place = Path(services.enter_context(tempfile.TemporaryDirectory()))
        pagerduty, slack, jira = (
            services.enter_context(PagerDuty()),
            services.enter_context(Slack()),
            services.enter_context(Jira()),
        )
        stack = Stack(place / "home", pagerduty, slack, jira)
        stack.env |= {PATCHES_VARIABLE: way, "PREFECT_SERVER_LOGGING_LEVEL": "INFO"}
        stack.start()
        try:
            _storm(stack, WARM_UP)
            time.sleep(SETTLE_SECONDS)
            yield stack
        finally:
            stack.stop()


def _cost(stack: Stack, work: Callable[[], None]) -> tuple[float, float, float]:
    """Processor time of the server and of the worker, and seconds."""
    server, worker = _cpu(stack.child(SERVER)), _cpu(stack.worker)
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    time.sleep(SETTLE_SECONDS)  # the afterwork belongs to it
    return _cpu(stack.child(SERVER)) - server, _cpu(stack.worker) - worker, took


def _cpu(process: psutil.Process) -> float:
    """Of this process and all below it, dead ones included."""
    return float(
        sum(sum(each.cpu_times()[:4]) for each in [process, *process.children(recursive=True)])
    )


def _storm(stack: Stack, size: int) -> None:
    """So many incidents at once, until their runs are over."""
    before = _over(stack)
    alerts = [
        {"type": "unknown", "severity": ("P1", "P2")[number % 2], "service": f"s{before}-{number}"}
        for number in range(size)
    ]
    stack.ask("POST", "/v1/alerts", json=alerts)
    deadline = time.monotonic() + LONGEST_SECONDS
    while _over(stack) < before + size:
        assert time.monotonic() < deadline, stack.logs()
        time.sleep(0.25)


def _one_by_one(stack: Stack, size: int) -> None:
    for _ in range(size):
        _storm(stack, 1)


def _over(stack: Stack) -> int:
    wanted = {"flow_runs": {"state": {"type": {"any_": OVER}}}}
    return int(stack.prefect("POST", "/flow_runs/count", json=wanted))


def _requests(stack: Stack) -> int:
    """How many the server has logged; ours, which look whether all runs are over, left out."""
    log = (stack.home / "logs" / "prefect-server.log").read_text(errors="replace")
    asked = [line for line in log.splitlines() if " /api/" in line and "HTTP/1.1" in line]
    return sum("/flow_runs/count" not in line for line in asked)


if __name__ == "__main__":
    main()
