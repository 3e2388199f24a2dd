"""Prefect's server as `aeef up` runs it: our replacements still fit into Prefect."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosqlite
import pytest
from prefect.server.api import server
from prefect.server.api.clients import OrchestrationClient
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.events.storage import database as event_storage
from prefect.settings import Settings
from sqlalchemy.ext.asyncio import AsyncSession

from deployments.prefect_patches import application_lookup, event_inserts
from deployments.prefect_patches.event_inserts import insert_events
from deployments.prefect_patches.sqlite_thread import EXECUTE, use_sqlite_here
from deployments.prefect_patches.transactions import begin_at_once, begin_in_turn
from fixtures.stack import Stack
from processes import flow as sample_flow
from processes.deployment import deployment_of

WRITERS, ROUNDS = 40, 2
NEVER_STARTED = {"type": "PAUSED", "name": "Paused"}
CANCELLED = {"type": "CANCELLED", "name": "Cancelled"}


def test_an_event_that_comes_again_is_kept_once(stack: Stack) -> None:
    """Twice in one batch, and again in a later one: one event, with its related resources."""
    twice, once, later = _event("twice"), _event("once"), _event("later")
    stack.prefect("POST", "/events", json=[twice, once, twice])
    stack.wait_for(lambda: len(_events(stack, twice, once)) == 2)

    stack.prefect("POST", "/events", json=[twice, later])
    stack.wait_for(lambda: _events(stack, later))

    sent = {event["id"]: event["related"] for event in (twice, once, later)}
    kept = _events(stack, twice, once, later)
    assert len(sent) == len(kept)
    assert sent == {event["id"]: event["related"] for event in kept}
    for event in (twice, once, later):
        [found] = _events_related_to(stack, event["related"][0]["prefect.resource.id"])
        assert event["id"] == found["id"]
        assert 1 + len(event["related"]) == _resource_rows(stack, event)


def test_writers_at_once_wait_for_each_other(stack: Stack) -> None:
    """Forty at a time create runs and set their states: no 503, no locked database."""
    log = stack.home / "logs" / "prefect-server.log"
    before = len(log.read_bytes())

    def write(_number: int) -> str:
        body = {"parameters": {"alert": {}, "until": "/"}, "state": NEVER_STARTED}
        run = stack.prefect("POST", f"{deployment}/create_flow_run", json=body)
        path = f"/flow_runs/{run['id']}/set_state"
        for state in (NEVER_STARTED, CANCELLED):
            answer = stack.prefect("POST", path, json={"state": state, "force": True})
            assert "ACCEPT" == answer["status"]
        return str(run["id"])

    with deployment_of(stack, sample_flow.waits) as deployment:
        with ThreadPoolExecutor(WRITERS) as writers:
            ids = list(writers.map(write, range(WRITERS * ROUNDS)))
        wanted = {"flow_runs": {"id": {"any_": ids}, "state": {"type": {"any_": ["CANCELLED"]}}}}
        assert WRITERS * ROUNDS == stack.prefect("POST", "/flow_runs/count", json=wanted)

    written = log.read_bytes()[before:].decode()
    assert "database is locked" not in written
    assert "503" not in written


def test_prefect_still_inserts_events_by_the_function_that_we_replace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Same name, same parameters behind its injector, and what takes its place is called."""
    stock = event_storage._write_sqlite_events  # noqa: SLF001 - we replace it
    session, events = AsyncSession(), [ReceivedEvent.model_validate(_event("replaced"))]
    inserted: list[tuple[object, object]] = []

    async def insert(session: object, events: object) -> None:
        inserted.append((session, events))

    monkeypatch.setattr(event_storage, "_write_sqlite_events", stock)
    event_inserts.apply()
    assert insert_events is event_storage._write_sqlite_events  # noqa: SLF001
    assert ["db", *_parameters(insert_events)] == _parameters(inspect.unwrap(stock))
    monkeypatch.setattr(event_storage, "_write_sqlite_events", insert)

    asyncio.run(event_storage.write_events(session, events))

    assert [(session, events)] == inserted


def test_sqlite_is_called_in_the_thread_that_asks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`aiosqlite` still hands every call on by the method that we replace."""
    monkeypatch.setattr(aiosqlite.Connection, EXECUTE, use_sqlite_here)

    async def ask() -> Any:
        async with aiosqlite.connect(tmp_path / "db", check_same_thread=False) as connection:
            await connection.create_function("thread", 0, threading.get_ident)
            async with connection.execute("SELECT thread()") as cursor:
                return await cursor.fetchone()

    assert (threading.get_ident(),) == asyncio.run(ask())


def test_who_has_to_wait_for_a_writer_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A second writer waits, in its own thread, until the first one is done; the loop goes on."""
    monkeypatch.setattr(aiosqlite.Connection, EXECUTE, use_sqlite_here)
    options: dict[str, Any] = {"timeout": 0, "check_same_thread": False, "isolation_level": None}

    async def two_writers() -> list[str]:
        done = []
        async with (
            aiosqlite.connect(tmp_path / "db", **options) as first,
            aiosqlite.connect(tmp_path / "db", **options) as second,
        ):
            await first.execute("CREATE TABLE written (who TEXT)")
            await first.execute("BEGIN IMMEDIATE")

            async def write() -> None:
                await second.execute("INSERT INTO written VALUES ('second')")
                done.append("second")

            waiting = asyncio.create_task(write())
            await asyncio.sleep(0)  # it has tried
            await first.execute("INSERT INTO written VALUES ('first')")
            done.append("first")
            await first.commit()
            await waiting
        return done

    assert ["first", "second"] == asyncio.run(two_writers())


def test_the_servers_own_clients_look_up_the_app_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect still calls `server.create_app()` for it, and the slow part is done once."""
    asked: list[Settings] = []
    stock = Settings.hash_key

    def counted(settings: Settings) -> str:
        asked.append(settings)
        return stock(settings)

    monkeypatch.setattr(Settings, "hash_key", counted)
    monkeypatch.setattr("prefect.logging.configuration.setup_logging", lambda: None)
    monkeypatch.setattr(server, "APP_CACHE", {})
    monkeypatch.setattr(server, "create_app", server.create_app)
    OrchestrationClient()  # makes the application
    asked.clear()
    OrchestrationClient()
    OrchestrationClient()
    assert 2 == len(asked), "Prefect remembers it now: ours is not needed"
    asked.clear()

    application_lookup.apply()
    first, second = OrchestrationClient(), OrchestrationClient()

    assert 1 == len(asked)
    assert _app(first) is _app(second)


def test_our_transactions_begin_as_prefects_do() -> None:
    """Ours has the parameters of Prefect's own, which begins transactions with `IMMEDIATE`."""
    assert begin_at_once is AioSqliteConfiguration.begin_transaction
    assert _parameters(begin_at_once) == _parameters(begin_in_turn)
    assert "IMMEDIATE" in inspect.getsource(begin_at_once)


def _event(name: str) -> dict[str, Any]:
    unique = uuid4().hex
    return {
        "id": str(uuid4()),
        "event": f"test.{name}",
        "occurred": "2026-01-01T00:00:00Z",
        "resource": {"prefect.resource.id": f"test.{name}.{unique}"},
        "related": [
            {
                "prefect.resource.id": f"test.related.{number}.{unique}",
                "prefect.resource.role": "part",
            }
            for number in range(2)
        ],
        "payload": {},
    }


def _events(stack: Stack, *sent: dict[str, Any]) -> list[dict[str, Any]]:
    return _read(stack, id={"id": [event["id"] for event in sent]})


def _events_related_to(stack: Stack, resource: str) -> list[dict[str, Any]]:
    return _read(stack, related={"id": [resource]})


def _read(stack: Stack, **wanted: Any) -> list[dict[str, Any]]:
    since = {"since": "2025-12-31T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    body = {"filter": {"occurred": since, **wanted}}
    found: list[dict[str, Any]] = stack.prefect("POST", "/events/filter", json=body)["events"]
    return found


def _resource_rows(stack: Stack, event: dict[str, Any]) -> int:
    database = f"file:{stack.home / 'prefect' / 'prefect.db'}?mode=ro"
    with closing(sqlite3.connect(database, uri=True, timeout=30)) as connection:
        query = "SELECT count(*) FROM event_resources WHERE event_id = ?"
        [count] = connection.execute(query, [event["id"]]).fetchone()
    return int(count)


def _parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _app(client: OrchestrationClient) -> Any:
    return client._http_client._transport.app  # type: ignore[attr-defined] # noqa: SLF001
