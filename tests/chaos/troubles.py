"""What can go wrong while alerts come in: each trouble begins, lasts for a while, and ends."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from fixtures.stack import Stack
from standins.standin import StandIn

OURS = ("intake", "dispatcher", "worker.main", "prefect_server")
ROOM = "400m"
"""Of the file system that is filled: enough for a storm's databases and logs."""

Trouble = tuple[str, Callable[[], AbstractContextManager[None]]]


def troubles(stack: Stack, disk: Path | None, chance: random.Random) -> Sequence[Trouble]:
    """Every trouble, with its name. disk: a file system that may be filled."""
    services: tuple[StandIn, ...] = (stack.pagerduty, stack.slack, stack.jira)
    ways: dict[str, Callable[[StandIn], None]] = {
        "answers 500": lambda service: service.fail_with(500, times=None),
        "answers 429": lambda service: service.rate_limit(5, times=None),
        "answers HTML": lambda service: service.lie("<html>", times=None),
        "cuts connections": lambda service: service.drop_connection(times=None),
        "says nothing": lambda service: service.stall(times=None),
    }
    return [
        *((f"kill {name}", partial(_killed, stack, name)) for name in OURS),
        *((f"stop {name}", partial(_stopped, stack, name)) for name in OURS),
        ("kill a run", partial(_run_killed, stack, chance)),
        *(
            (f"{service.section} {way}", partial(_failing, service, fail))
            for service in services
            for way, fail in ways.items()
        ),
        *([("disk full", partial(_filled, disk))] if disk else []),
    ]


@contextmanager
def disk_of_its_own(directory: Path) -> Iterator[Path | None]:
    """A small file system there; None when we may not mount one."""
    directory.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0700", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def _process(stack: Stack, name: str) -> psutil.Process | None:
    try:
        return stack.child(f"deployments.{name}")
    except (StopIteration, psutil.Error):
        return None  # it is being started again


@contextmanager
def _killed(stack: Stack, name: str) -> Iterator[None]:
    if process := _process(stack, name):
        with suppress(psutil.Error):
            process.kill()
    yield


@contextmanager
def _stopped(stack: Stack, name: str) -> Iterator[None]:
    process = _process(stack, name)
    if process is None:
        yield
        return
    with suppress(psutil.Error):
        process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.Error):
            process.resume()


@contextmanager
def _run_killed(stack: Stack, chance: random.Random) -> Iterator[None]:
    worker = _process(stack, "worker.main")
    with suppress(psutil.Error):
        parents = worker.children() if worker else []
        runs = [run for parent in parents for run in parent.children()]
        if runs:
            chance.choice(runs).kill()
    yield


@contextmanager
def _failing(service: StandIn, fail: Callable[[StandIn], None]) -> Iterator[None]:
    fail(service)
    try:
        yield
    finally:
        service.recover()


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
    try:
        yield
    finally:
        filler.unlink()
