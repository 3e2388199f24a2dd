"""From an alert to the page, to the first containing action, and to the end of all runbooks.

Everything is real but PagerDuty, Slack and Jira: `aeef up`, an alert by HTTP, a git repository
with a proven release for each incident, and its deploy command. The first containing action is
the start of that command.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.spread import spread
from fixtures.stack import Stack, running_stack
from samples.gates import Gates

IDLE_SECONDS = 30.0
SETTLE_SECONDS = 15.0
"""After the start and the first run there is afterwork for a while."""
LONGEST_STORM = 1200.0
OVER = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]
BREATH = 1.0
"""Seconds between two quiet alerts: the last one's afterwork is done."""


def measure(
    directory: Path,
    env: Mapping[str, str],
    *,
    quiet: int,
    storms: tuple[int, ...],
    told: int = 0,
) -> dict[str, Any]:
    """Everything about one way of running it.

    directory: an empty one. env: what differs from the defaults.
    quiet: alerts one after the other. storms: how many incidents at once.
    told: as many at once of a type whose runbook only notifies people.
    """
    with running_stack(directory / "home", **env) as stack:
        targets = Targets(stack, directory / "targets", 1 + quiet + sum(storms))
        _quiet(stack, targets, 1)  # the first run of all fills caches, in every way of running it
        time.sleep(SETTLE_SECONDS)
        results: dict[str, Any] = {"idle": _idle(stack)}
        results["quiet"] = _quiet(stack, targets, quiet)
        for size in storms:
            results[f"storm of {size}"] = _storm(stack, targets.take(size))
        if told:
            results[f"storm of {told}, people are told"] = _told_storm(stack, told)
        return results


class Targets:
    """Applications whose bad release runs and whose good one is proven; each is used once."""

    def __init__(self, stack: Stack, directory: Path, count: int) -> None:
        self._made = []
        with _progress(stack.home.parent.name + ": sample targets", count) as advance:
            for number in range(count):
                self._made.append(Gates(directory / f"t{number}", f"target-{number}"))
                advance(number + 1)
        stack.configure(*(gates.target for gates in self._made))
        assert stack.command("deploy", PREFECT_API_URL=stack.prefect_api).returncode == 0

    def take(self, count: int) -> list[Gates]:
        """So many that nobody used."""
        taken, self._made = self._made[:count], self._made[count:]
        return taken


def _quiet(stack: Stack, targets: Targets, count: int) -> dict[str, Any]:
    """One alert after the other, each when the last one's runbook is over."""
    pages, calls, actions, ends = [], [], [], []
    with _progress("quiet alerts", count) as advance:
        for number, gates in enumerate(targets.take(count)):
            before, began, wall = _runs_over(stack), time.monotonic(), time.time()
            incident_id = stack.report(gates.target.name)
            # Looking at a file, and only then at Prefect, does not disturb what is measured.
            stack.wait_for(partial(gates.times_run, "deploy"))
            while _runs_over(stack) == before:
                time.sleep(0.25)
            ended = stack.run(stack.run_id(incident_id))["end_time"]
            ends.append(datetime.fromisoformat(ended).timestamp() - wall)
            pages.append(_paged_at(stack, [incident_id])[0] - began)
            calls.append(_posted_at(stack, incident_id) - began)
            actions.append(_acted_at(gates) - wall)
            advance(number + 1)
            time.sleep(BREATH)
    return {
        "alert to page": spread(pages),
        "alert to the run's first outgoing call": spread(calls),
        "alert to first containing action": spread(actions),
        "alert to the runbook's end": spread(ends),
    }


def _storm(stack: Stack, chosen: list[Gates]) -> dict[str, Any]:
    """An incident of each target at once, each with its rollback."""
    began = time.time()
    told = _sent_at_once(stack, "deployment-failure", [gates.target.name for gates in chosen])
    acted = [_acted_at(gates) - began for gates in chosen]
    return {
        **told,
        "first containing action": round(min(acted), 3),
        "last containing action": round(max(acted), 3),
    }


def _told_storm(stack: Stack, size: int) -> dict[str, Any]:
    """As many incidents at once that page, post and create a ticket, and change nothing."""
    return _sent_at_once(stack, "unknown", [f"service-{number}" for number in range(size)])


def _sent_at_once(stack: Stack, type_: str, services: list[str]) -> dict[str, Any]:
    """An incident of each service, every second one P1; until every run is over."""
    size = len(services)
    alerts = [
        {"type": type_, "service": service, "severity": ("P1", "P2")[number % 2]}
        for number, service in enumerate(services)
    ]
    before, cpu, memory = _runs_over(stack), _cpu_seconds(stack), _megabytes(stack)
    most = memory
    began = time.monotonic()
    answers = stack.ask("POST", "/v1/alerts", json=alerts).json()["incidents"]
    durable = time.monotonic() - began
    with _progress(f"storm of {size}", size) as advance:
        while (over := _runs_over(stack) - before) < size:
            if time.monotonic() - began > LONGEST_STORM:
                raise TimeoutError(f"{over} of {size} runs over after {LONGEST_STORM:.0f} s")
            advance(over)
            most = max(most, _megabytes(stack))
            time.sleep(0.5)
        advance(size)
    took = time.monotonic() - began
    spent = _cpu_seconds(stack) - cpu
    ids = [answer["incidentId"] for answer in answers]
    assert {"done"} == {stack.state(incident_id) for incident_id in ids}
    p1, others = ids[0::2], ids[1::2]
    return {
        "durable": round(durable, 3),
        "first page": round(min(_paged_at(stack, ids)) - began, 3),
        "last page": round(max(_paged_at(stack, ids)) - began, 3),
        "last page of a P1": round(max(_paged_at(stack, p1)) - began, 3),
        "last page of a P2": round(max(_paged_at(stack, others)) - began, 3),
        "all runs over": round(took, 2),
        "runbooks a second": round(size / took, 2),
        "CPU seconds an incident": round(spent / size, 3),
        "megabytes at most": round(most),
        "megabytes an incident, afterwards": round((_megabytes(stack) - memory) / size, 3),
    }


def _paged_at(stack: Stack, ids: list[str]) -> list[float]:
    """When PagerDuty got the page of each, on the monotonic clock."""
    first: dict[str, float] = {}
    for request in stack.pagerduty.requests:
        first.setdefault((request.json or {}).get("dedup_key", ""), request.at)
    return [first[incident_id] for incident_id in ids]


def _posted_at(stack: Stack, incident_id: str) -> float:
    """When Slack got the message from the run; the intake itself only pages."""
    return next(each.at for each in stack.slack.requests if incident_id.encode() in each.body)


def _acted_at(gates: Gates) -> float:
    return (gates.directory / "deploy.reached").stat().st_mtime


def _runs_over(stack: Stack) -> int:
    wanted = {"flow_runs": {"state": {"type": {"any_": OVER}}}}
    return int(stack.prefect("POST", "/flow_runs/count", json=wanted))


def _idle(stack: Stack) -> dict[str, float]:
    """The processes' load in per cent of one core, and megabytes (shared pages counted once)."""
    before = _cpu_seconds(stack)
    time.sleep(IDLE_SECONDS)
    spent = _cpu_seconds(stack) - before
    return {
        "per cent of a core": round(100 * spent / IDLE_SECONDS, 2),
        "megabytes": round(_megabytes(stack)),
    }


def _megabytes(stack: Stack) -> float:
    """The memory of all processes; shared pages are counted once (proc(5), `smaps_rollup`)."""
    kilobytes = 0
    for process in _processes(stack):
        with suppress(OSError, psutil.NoSuchProcess):
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
            kilobytes += int(text.partition("\nPss:")[2].split()[0])
    return kilobytes * 1024 / 1e6


def _processes(stack: Stack) -> list[psutil.Process]:
    return [stack.process, *stack.process.children(recursive=True)]


def _cpu_seconds(stack: Stack) -> float:
    """The processor time of the running processes and of their dead children."""
    total = 0.0
    for process in _processes(stack):
        try:
            total += sum(process.cpu_times()[:4])  # user, system, and both of its dead children
        except psutil.NoSuchProcess:
            continue
    return total


@contextmanager
def _progress(what: str, total: int) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
