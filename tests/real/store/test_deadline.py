"""A database that hangs is an error after its deadline, and the store works again afterwards."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from fixtures.store import TEMPLATE, PostgreSQL
from schemas.errors import TemporaryError
from schemas.incident import Alert, IncidentType, Severity
from support import wait_until
from tasks.store import Store

SECONDS = 1.0


@pytest.fixture
def store(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A store on PostgreSQL that waits for an answer for a second."""
    monkeypatch.setattr("tasks.store.database.database.ANSWER_SECONDS", SECONDS)
    url = postgresql.create(TEMPLATE)
    opened = Store(f"{url}?connect_timeout=2", tmp_path / "anchors")
    yield opened
    opened.close()
    postgresql.drop(url)


@contextmanager
def hung(server: PostgreSQL) -> Iterator[None]:
    """Every process of the server stands still, as in a machine that swaps."""
    leader = psutil.Process(server.process_id)
    processes = [leader, *leader.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def watching() -> list[threading.Thread]:
    """The threads that watch for deadlines."""
    return [each for each in threading.enumerate() if each.name == "deadlines"]


def open_one(store: Store, service: str) -> None:
    """Open an incident."""
    alert = Alert(description="x", service=service)
    store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)


def test_a_server_that_hangs_is_an_error_in_time(store: Store, postgresql: PostgreSQL) -> None:
    """For readers and writers, and all is well when it goes on."""
    open_one(store, "before")
    with hung(postgresql):
        for ask in (store.ping, lambda: open_one(store, "meanwhile")):
            with pytest.raises(TemporaryError, match="does not answer"):
                ask()
    wait_until(lambda: not _raises(store))
    open_one(store, "after")

    assert {"before", "after"} <= {each.service for each in store.incidents()}


def _raises(store: Store) -> bool:
    try:
        store.ping()
    except TemporaryError:
        return True
    return False


def test_a_closed_store_leaves_no_thread_behind(store: Store) -> None:
    """And one that is used after all is watched again."""
    open_one(store, "shop")
    before = len(watching())

    store.close()

    wait_until(lambda: len(watching()) < before)
    open_one(store, "shop")
    assert before == len(watching())
