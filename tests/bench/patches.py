"""What each patch of Prefect saves: everything on, one of them off, all off, side by side.

    PYTHONPATH=tests .venv/bin/python -m bench.patches [--rounds 8] [--only task-events …]

Some whole systems run at the same time and get the same work in turn: one incident, then a storm
of ten, with all notifications (page, message, ticket, record). So a machine that changes its
speed changes it for all of them alike. What is compared is processor time of Prefect's server and
of the worker with its runs, the time from an alert to the first call that its run makes, and how
many requests the server gets (it logs them, which costs the same in each).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from bench.spread import say
from fixtures.stack import Stack, running_stack
from schemas.settings import PATCHES_VARIABLE, PrefectPatch

STORM, WARM_UP, AT_ONCE = 10, 4, 4
OVER = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]
ON, OFF = "on", "off"
SERVER = "prefect_server.embedded"
SETTLE_SECONDS = 2.0
"""Events are written a second after the run."""
LONGEST_SECONDS = 600.0
FIGURES = ("server", "worker", "both", "first call", "storm", "requests")


def main() -> None:
    """Measure and print: a line for each, then all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--only", nargs="*", choices=[str(each) for each in PrefectPatch])
    asked = parser.parse_args()
    ways = [*(f"-{name}" for name in asked.only or map(str, PrefectPatch)), OFF]
    results: dict[str, dict[str, float]] = {}
    say("off".ljust(24) + "".join(f"{name:>12}" for name in FIGURES))
    for first in range(0, len(ways), AT_ONCE):
        group = _side_by_side([ON, *ways[first : first + AT_ONCE]], asked.rounds)
        on = group.pop(ON)
        say(f"{'(nothing)':24}" + "".join(f"{on[name]:12.3f}" for name in FIGURES))
        for way, measured in group.items():
            results[way] = {name: round(measured[name] / on[name] - 1, 3) for name in FIGURES}
            more = (f"{100 * results[way][name]:+10.0f} %" for name in FIGURES)
            say(f"{way:24}" + "".join(more))
    sys.stdout.write(json.dumps(results, indent=2) + "\n")


def _side_by_side(ways: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Per incident, the median of the rounds: seconds, and how many requests."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with ExitStack() as open_until_then:
        stacks = {way: open_until_then.enter_context(_running(way)) for way in ways}
        for number in range(rounds):
            # Another one is the first each time.
            for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
                found[way].append(_round(stacks[way]))
    return {
        way: {name: statistics.median(each[name] for each in found[way]) for name in FIGURES}
        for way in ways
    }


def _round(stack: Stack) -> dict[str, float]:
    """One incident alone, then some at once."""
    began = time.monotonic()
    [incident_id] = _storm(stack, 1)
    calls = (each.at for each in stack.slack.requests if incident_id.encode() in each.body)
    first_call = min(calls) - began
    requests, server, worker = _requests(stack), _cpu(stack.child(SERVER)), _cpu(stack.worker)
    began = time.monotonic()
    _storm(stack, STORM)
    took = time.monotonic() - began
    time.sleep(SETTLE_SECONDS)  # the afterwork belongs to it
    server, worker = _cpu(stack.child(SERVER)) - server, _cpu(stack.worker) - worker
    return {
        "server": server / STORM,
        "worker": worker / STORM,
        "both": (server + worker) / STORM,
        "first call": first_call,
        "storm": took,
        "requests": (_requests(stack) - requests) / STORM,
    }


@contextmanager
def _running(way: str) -> Iterator[Stack]:
    """`aeef up`, with some runs behind it."""
    env = {PATCHES_VARIABLE: way, "PREFECT_SERVER_LOGGING_LEVEL": "INFO"}
    with (
        tempfile.TemporaryDirectory() as place,
        running_stack(Path(place) / "home", **env) as stack,
    ):
        _storm(stack, WARM_UP)
        yield stack


def _cpu(process: psutil.Process) -> float:
    """The processor time of this process and all its descendants, dead ones included."""
    total = 0.0
    # A parent has the time of its dead: asked last, it has that of one which dies meanwhile.
    for each in [*reversed(process.children(recursive=True)), process]:
        with suppress(psutil.NoSuchProcess):
            total += sum(each.cpu_times()[:4])
    return total


def _storm(stack: Stack, size: int) -> list[str]:
    """So many incidents at once, until their runs are over; their ids."""
    before = _over(stack)
    alerts = [
        {"type": "unknown", "severity": ("P1", "P2")[number % 2], "service": f"s{before}-{number}"}
        for number in range(size)
    ]
    answer: dict[str, Any] = stack.ask("POST", "/v1/alerts", json=alerts).json()
    deadline = time.monotonic() + LONGEST_SECONDS
    while _over(stack) < before + size:
        assert time.monotonic() < deadline, stack.logs()
        time.sleep(0.2)
    return [str(each["incidentId"]) for each in answer["incidents"]]


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
