"""Prefect's own server, tuned for one machine: SQLite takes turns, and nothing is made twice."""

from __future__ import annotations

import functools
import gc
import sqlite3
import sys
from asyncio import AbstractEventLoop, Lock, get_running_loop
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

import aiosqlite
import sqlalchemy as sa
from prefect.cli import app
from prefect.server.api import background_workers, server
from prefect.server.database import provide_database_interface
from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from prefect.server.database.dependencies import temporary_database_config
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.events.storage import database as event_storage
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

EXECUTE = "_execute"
"""How `aiosqlite` hands each call to a connection's thread; it has no public name."""

WAIT_MILLISECONDS = 60_000
"""How long a call waits for another writer; as Prefect sets it."""

TURNS: WeakKeyDictionary[AbstractEventLoop, Lock] = WeakKeyDictionary()


class Turn:
    """The right to write, until it is over."""

    over = False


TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


@asynccontextmanager
async def in_turn() -> AsyncGenerator[bool, None]:
    """Wait here, in order: SQLite waits by sleeping, up to a tenth of a second at a time.

    True: inside another transaction, which may belong to the task that started ours.
    """
    around = TURN.get()
    if around is not None and not around.over:
        yield True
        return
    async with TURNS.setdefault(get_running_loop(), Lock()):
        turn = Turn()
        token = TURN.set(turn)
        try:
            yield False
        finally:
            turn.over = True
            TURN.reset(token)


class InTurn(AioSqliteConfiguration):
    """Every transaction begins as a writer.

    Prefect begins most as readers. One that then wants to write, while another has written since,
    fails at once with "database is locked", whatever the timeout (SQLite, "Isolation": a read
    transaction cannot be upgraded from an old snapshot): the API answers 503, or an automation
    misses its event. Those that begin as writers wait for each other.
    """

    def setup_sqlite(self, conn: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        """As Prefect's own, but no call waits: see `use_sqlite_here`."""
        super().setup_sqlite(conn, record)
        if aiosqlite.Connection.__dict__.get(EXECUTE) is use_sqlite_here:
            cursor = conn.cursor()
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.close()

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """As Prefect's own with `with_for_update`, which it sets for a few transactions itself.

        It begins at once, and what is read inside by another session begins as ever: Prefect sets
        how they begin for both, and one that waits for the transaction around it waits in vain.
        """
        async with in_turn() as is_inside:
            as_writer = with_for_update or not is_inside
            async with super().begin_transaction(session, with_for_update=as_writer) as begun:
                await session.connection()
                token = SQLITE_BEGIN_MODE.set(None)
                try:
                    yield begun
                finally:
                    SQLITE_BEGIN_MODE.reset(token)


async def use_sqlite_here(
    self: aiosqlite.Connection, call: Callable[..., Any], *arguments: Any, **named: Any
) -> Any:
    """Call SQLite in this thread; where it would have to wait, in the connection's own.

    Each call through that thread costs more than what SQLite then does: with many alerts a third
    of the server's time. Whoever has the turn finds nobody in the way.
    """
    if not self._running or not self._connection:
        raise ValueError("Connection closed")
    try:
        return call(*arguments, **named)
    except sqlite3.OperationalError as error:
        # The other kinds of it differ in the upper bits; of one of them waiting is of no use.
        code = error.sqlite_errorcode
        if code & 0xFF != sqlite3.SQLITE_BUSY or code == sqlite3.SQLITE_BUSY_SNAPSHOT:
            raise
        patiently = functools.partial(_wait_for_others, self._connection, call)
        return await use_sqlite_in_its_thread(self, patiently, *arguments, **named)


use_sqlite_in_its_thread: Callable[..., Any] = getattr(aiosqlite.Connection, EXECUTE)


def _wait_for_others(
    connection: sqlite3.Connection, call: Callable[..., Any], *arguments: Any, **named: Any
) -> Any:
    connection.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
    try:
        return call(*arguments, **named)
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


def look_up_the_app_once() -> None:
    """Let the server remember its own application.

    Each action of an automation asks for it, and so that it is found, Prefect writes out all
    settings and reads its logging configuration again: with many alerts, 40 % of the server's time
    went there (docs/performance.md). The settings of a running server do not change.
    """
    server.create_app = functools.cache(server.create_app)


async def insert_events(session: AsyncSession, events: list[ReceivedEvent]) -> None:
    """Insert events, those that are there already left out, by statements that SQLAlchemy knows.

    Prefect puts all rows into the text of one statement, which is compiled anew for each batch:
    with many alerts a fifth of the server's time. Rows as parameters do the same; in a transaction,
    which Prefect does not begin for them, or each row would be one.
    """
    async with in_turn():
        token = SQLITE_BEGIN_MODE.set("IMMEDIATE")
        try:
            await session.connection()
        finally:
            SQLITE_BEGIN_MODE.reset(token)
        await _insert_new(session, events)
        await session.commit()


async def _insert_new(session: AsyncSession, events: list[ReceivedEvent]) -> None:
    db = provide_database_interface()
    ids = [event.id for event in events]
    known = set((await session.scalars(sa.select(db.Event.id).where(db.Event.id.in_(ids)))).all())
    fresh = list({event.id: event for event in events if event.id not in known}.values())
    if not fresh:
        return
    await session.execute(sa.insert(db.Event), [event.as_database_row() for event in fresh])
    resources = [row for event in fresh for row in event.as_database_resource_rows()]
    await session.execute(sa.insert(db.EventResource), resources)


def tune_for_sqlite() -> None:
    """Put these in the place of Prefect's own. A later Prefect without them keeps its own."""
    if hasattr(event_storage, "_write_sqlite_events"):
        event_storage._write_sqlite_events = insert_events  # noqa: SLF001 - it has no setting
    setattr(aiosqlite.Connection, EXECUTE, use_sqlite_here)


def look_seldom() -> None:
    """Let the server's own scheduler look once a second, not four times, what is due."""
    if hasattr(background_workers, "Worker"):
        second = timedelta(seconds=1)
        background_workers.Worker = functools.partial(
            background_workers.Worker, minimum_check_interval=second, scheduling_resolution=second
        )


def keep_moving() -> None:
    """Let the database's thread hand over sooner, and do not look for garbage in what stays.

    Together they save a seventh of the server's time with many alerts.
    """
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def main() -> None:
    """Run `prefect server start` with the arguments given."""
    look_up_the_app_once()
    look_seldom()
    keep_moving()
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    is_sqlite = get_dialect(url).name == "sqlite"
    database = temporary_database_config(InTurn(connection_url=url)) if is_sqlite else nullcontext()
    if is_sqlite:
        tune_for_sqlite()
    sys.argv[1:1] = ["server", "start"]
    with database:
        app()


if __name__ == "__main__":
    main()
