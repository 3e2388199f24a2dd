"""A database that is away for a while: a run waits for it, whoever pages does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from fixtures.store import PostgreSQL
from schemas.errors import TemporaryError
from schemas.incident import Alert, IncidentType, Severity
from tasks.store import Store
from tasks.store.database.patience import wait_for_database


@pytest.fixture
def store(postgresql: PostgreSQL, home: Path) -> Iterator[Store]:
    """A store on a server that can be stopped."""
    home.mkdir(mode=0o700)
    url = postgresql.create("aeef_template")
    opened = Store(url, home / "audit.anchors")
    try:
        yield opened
    finally:
        wait_for_database(lambda: 0.0)
        opened.close()
        postgresql.drop(url)


@pytest.fixture
def incident(store: Store) -> UUID:
    """An open incident."""
    alert = Alert(description="shop answers 500")
    return store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2).incident.incident_id


@contextmanager
def stopped(server: PostgreSQL) -> Iterator[None]:
    """The server is away in this context."""
    server.stop()
    try:
        yield
    finally:
        server.serve()


def test_a_run_waits_until_the_database_is_back(
    postgresql: PostgreSQL, store: Store, incident: UUID
) -> None:
    """What it read and wrote while the server was away is as if nothing had been, and once."""
    waiting = threading.Barrier(3)
    begun = threading.local()

    def longest() -> float:
        if not getattr(begun, "yes", False):
            begun.yes = True
            waiting.wait(30)
        return 60.0

    wait_for_database(longest)
    with ThreadPoolExecutor(2) as beside:
        with stopped(postgresql):
            written = beside.submit(
                store.record_action, incident, "rolled shop back", entry_id=uuid4()
            )
            read = beside.submit(store.incident, incident)
            waiting.wait(30)

        assert written.result(60)
        assert incident == read.result(60).incident_id
    actions = [each.action for each in store.incident(incident).actions_taken]
    assert 1 == actions.count("rolled shop back")


def test_whoever_pages_does_not_wait(postgresql: PostgreSQL, store: Store, incident: UUID) -> None:
    """The intake learns at once that the record cannot be written."""
    with stopped(postgresql), pytest.raises(TemporaryError, match="does not answer"):
        store.record_action(incident, "noted")


def test_a_run_does_not_wait_for_ever(postgresql: PostgreSQL, store: Store, incident: UUID) -> None:
    """Then the step fails, and is tried again as is configured."""
    asked: list[float] = []

    def longest() -> float:
        asked.append(0.1)
        return 0.1

    wait_for_database(longest)
    with stopped(postgresql), pytest.raises(TemporaryError, match="does not answer"):
        store.record_action(incident, "noted")

    assert [0.1] == asked, "the patience is for the whole transaction"
