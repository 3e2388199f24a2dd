"""What other processes do in the tests of the store, and how they are started together."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event

from processes.ready import READY
from schemas.automation import Act, Limit
from schemas.incident import Alert, Grouping, IncidentType, Severity
from tasks.store import Store


def in_processes(count: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Run the work in so many new processes, all starting at one moment; returns their results.

    The work gets the process's number and the arguments.
    """
    barrier = READY.Barrier(count)
    started = []
    for number in range(count):
        ours, theirs = READY.Pipe()
        process = READY.Process(target=_run, args=(barrier, theirs, work, number, arguments))
        process.start()
        theirs.close()
        started.append((process, ours))
    results = []
    for process, pipe in started:
        with pipe:
            failure, result = pipe.recv()
        process.join()
        process.close()
        if failure:
            raise AssertionError(failure)
        results.append(result)
    return results


def _run(
    barrier: Barrier, pipe: Pipe, work: Callable[..., Any], number: int, arguments: Any
) -> None:
    try:
        barrier.wait(60)
        pipe.send(("", work(number, *arguments)))
    except BaseException:  # noqa: BLE001 (the test shows it)
        pipe.send((traceback.format_exc(), None))


def alerts_at_once(_number: int, url: str, home: str, count: int) -> list[tuple[str, bool]]:
    """Send the same alert in so many threads."""
    store = Store(url, Path(home) / "audit.anchors")

    def send(_: int) -> tuple[str, bool]:
        opened = store.open_or_attach(
            Alert(description="shop answers 500", service="shop"),
            IncidentType.DEPLOYMENT_FAILURE,
            Severity.P1,
        )
        return str(opened.incident.incident_id), opened.is_new

    try:
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(send, range(count)))
    finally:
        store.close()


def storm_at_once(number: int, url: str, home: str, count: int) -> list[tuple[str, bool]]:
    """Send so many different alerts about one target, in as many threads."""
    store = Store(url, Path(home) / "audit.anchors")

    def send(alert: int) -> tuple[str, bool]:
        opened = store.open_or_attach(
            Alert(description="shop fails", service="shop", dedup_key=f"{number}/{alert}"),
            IncidentType.DEPLOYMENT_FAILURE,
            Severity.P1,
            grouping=Grouping(target="shop"),
        )
        return str(opened.incident.incident_id), opened.is_new

    try:
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(send, range(count)))
    finally:
        store.close()


def claim_at_once(number: int, url: str, home: str, incident_id: str) -> list[str]:
    """Claim the same thing in ten threads; returns the states."""
    store = Store(url, Path(home) / "audit.anchors")

    def claim(thread: int) -> str:
        holder = f"{number}-{thread}"
        return store.claim(UUID(incident_id), "page", holder, timedelta(minutes=1)).state

    try:
        with ThreadPoolExecutor(10) as threads:
            return list(threads.map(claim, range(10)))
    finally:
        store.close()


def drain_outbox(number: int, url: str, home: str) -> list[str]:
    """Send every event that this process gets, three at a time; returns their ids."""
    store = Store(url, Path(home) / "audit.anchors")
    sent = []
    try:
        while events := store.lease_events(f"sender {number}", 3, timedelta(minutes=1)):
            sent += [str(event.event_id) for event in events]
            store.events_sent([event.event_id for event in events])
        return sent
    finally:
        store.close()


def first_start(_number: int, url: str, home: str) -> int:
    """Open a store that may not exist yet."""
    store = Store(url, Path(home) / "audit.anchors")
    try:
        return store.audit_head()[0]
    finally:
        store.close()


def die_while_writing(url: str, home: str, at: str) -> None:
    """Open an incident, and be killed right before the statement that begins with `at`."""
    store = Store(url, Path(home) / "audit.anchors")

    def before_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(at):
            os.kill(os.getpid(), signal.SIGKILL)

    def before_commit(_connection: Any) -> None:
        if at == "COMMIT":
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", before_commit)
    send_one_alert(store)


def send_one_alert(store: Store) -> None:
    """Send one alert."""
    store.open_or_attach(
        Alert(description="shop answers 500", service="shop"),
        IncidentType.DEPLOYMENT_FAILURE,
        Severity.P1,
    )


def killed_while_writing(url: str, home: str, at: str) -> int:
    """Run `die_while_writing` in a process of its own; returns its exit code."""
    process = READY.Process(target=die_while_writing, args=(url, home, at))
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    return -1 if code is None else code


def begin_at_once(_number: int, url: str, home: str, incident_ids: list[str]) -> list[str | None]:
    """Begin a rollback for each of these incidents, all at once; why not, for each."""
    store = Store(url, Path(home) / "audit.anchors")

    def begin(incident_id: str) -> str | None:
        limit = Limit(per_hour=3, per_day=6)
        return store.begin_act(incident_id, Act.ROLLBACK, "shop", actor="test", limit=limit)

    try:
        with ThreadPoolExecutor(len(incident_ids)) as threads:
            return list(threads.map(begin, incident_ids))
    finally:
        store.close()
