"""What an alert and a page cost with 10 and with 10,000 incidents in the store.

On SQLite, and on PostgreSQL where it is installed; some minutes, most of them to fill the stores.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from fixtures.store import PostgreSQL, postgresql_binaries
from schemas.incident import Alert, IncidentType, Severity, Status
from tasks.store import Store

SIZES = (10, 10_000)
TIMES = 30


def measure(report: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Milliseconds (median) of each operation, by database and by number of incidents."""
    results: dict[str, Any] = {}
    for database, url, directory in databases(report):
        store = Store(url, directory / "audit.anchors")
        filled = 0
        results[database] = {}
        for size in SIZES:
            for filled in range(filled, size):  # noqa: B020 - goes on where it was
                _one_that_is_over(store, filled)
                if filled % 500 == 0:
                    report(f"{database}: {filled} of {SIZES[-1]} incidents")
            filled = size
            results[database][str(size)] = {
                name: round(_milliseconds(operation), 2)
                for name, operation in _operations(store).items()
            }
        store.close()
    return results


def _operations(store: Store) -> dict[str, Callable[[], object]]:
    newest, number = (store.incidents(limit=1)[0].incident_id, store.incidents(limit=1)[0].short_id)
    numbers = iter(range(10**9, 2 * 10**9))
    minute = timedelta(minutes=1)
    return {
        "an alert made durable": lambda: _open(store, next(numbers)),
        "an action put on record": lambda: store.record_action(newest, f"did {next(numbers)}"),
        "the 100 newest listed": lambda: store.incidents(limit=100),
        "one found by its number": lambda: store.incident(number),
        "its timeline": lambda: store.timeline(newest),
        "what is new in the audit log verified": lambda: store.verify_audit(full=False),
        "metrics": lambda: (store.counts(), store.pending_events()),
        "the sweep's question": lambda: store.open_incidents_missing_claim(
            "page:P1", older_than=minute, severity=Severity.P1
        ),
    }


def _open(store: Store, number: int) -> UUID:
    alert = Alert(description=f"no {number} answers 500", service=f"s-{number}", source="bench")
    return store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P2).incident.incident_id


def _one_that_is_over(store: Store, number: int) -> None:
    """As a runbook leaves it."""
    incident_id = _open(store, number)
    for claim in ("page:P2", "runbook:P2"):
        store.finish_claim(incident_id, claim, "bench", {})
    store.record_action(incident_id, "paged on-call by PagerDuty")
    store.set_status(incident_id, Status.RESOLVED, actor="bench")
    store.events_sent([event.event_id for event in store.lease_events("bench")])


def _milliseconds(operation: Callable[[], object]) -> float:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        operation()
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)


@contextmanager
def postgresql(directory: Path) -> Iterator[str]:
    """A server that really writes to disk; the URL of an empty database."""
    binaries = postgresql_binaries()
    assert binaries is not None
    directory.chmod(0o755)
    server = PostgreSQL(binaries, directory, durable=True)
    try:
        server.start()
        yield server.create("template0")
    finally:
        server.stop()


def databases(report: Callable[[str], None]) -> Iterator[tuple[str, str, Path]]:
    with tempfile.TemporaryDirectory() as directory:
        yield "SQLite", f"sqlite:///{directory}/aeef.db", Path(directory)
    if postgresql_binaries() is None:
        report("PostgreSQL is not installed: left out")
        return
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        with postgresql(home) as url:
            yield "PostgreSQL", url, home
