"""Prefect's server calls SQLite in its main thread; only a call that must wait uses another.

Handing a call to the connection's thread costs more than the call itself: with many alerts a third
of the server's time. A transaction that has its turn (`transactions.py`) need not wait.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

EXECUTE = "_execute"
"""How `aiosqlite` hands each call to a connection's thread; it has no public name."""

WAIT_MILLISECONDS = 60_000
"""How long a call waits for another writer; as Prefect sets it."""

use_sqlite_in_its_thread: Callable[..., Any] = getattr(aiosqlite.Connection, EXECUTE)
set_up_with_patience = AioSqliteConfiguration.setup_sqlite


async def use_sqlite_here(
    self: aiosqlite.Connection, call: Callable[..., Any], *arguments: Any, **named: Any
) -> Any:
    """Call SQLite in this thread; if it is busy, in the connection's own thread."""
    if not self._running or not self._connection:
        raise ValueError("Connection closed")
    try:
        return call(*arguments, **named)
    except sqlite3.OperationalError as error:
        # Variants of BUSY differ in the upper bits; for BUSY_SNAPSHOT waiting does not help.
        code = error.sqlite_errorcode
        if code & 0xFF != sqlite3.SQLITE_BUSY or code == sqlite3.SQLITE_BUSY_SNAPSHOT:
            raise
        patiently = functools.partial(_wait_for_others, self._connection, call)
        return await use_sqlite_in_its_thread(self, patiently, *arguments, **named)


def _wait_for_others(
    connection: sqlite3.Connection, call: Callable[..., Any], *arguments: Any, **named: Any
) -> Any:
    connection.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
    try:
        return call(*arguments, **named)
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


def set_up_without_waiting(
    self: AioSqliteConfiguration, conn: DBAPIConnection, record: ConnectionPoolEntry
) -> None:
    """Set up a connection as Prefect does, but without waiting in the server's main thread."""
    set_up_with_patience(self, conn, record)
    cursor = conn.cursor()
    cursor.execute("PRAGMA busy_timeout = 0")
    cursor.close()


def apply() -> None:
    """Patch every connection to SQLite in this process."""
    setattr(aiosqlite.Connection, EXECUTE, use_sqlite_here)
    setattr(AioSqliteConfiguration, set_up_with_patience.__name__, set_up_without_waiting)
