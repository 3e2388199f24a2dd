"""The engine: SQLite or PostgreSQL behind the same two methods, read and write."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError

from schemas.errors import ConfigurationError
from schemas.model import utc_now
from tasks.store.database.deadline import ANSWER_SECONDS, Deadline
from tasks.store.database.failures import as_ours, is_away, is_full, is_race
from tasks.store.database.patience import Patience

T = TypeVar("T")

BUSY_SECONDS = 30
NEW = "new"
LOCK_SECONDS = 15
"""How long a transaction on PostgreSQL waits for another's lock."""
ATTEMPTS = 12
"""How many times a transaction that conflicts with another writer is tried at most."""

_SQLITE = ("PRAGMA foreign_keys=ON", "PRAGMA synchronous=FULL")
_POSTGRESQL = (
    # A hanging process must not block everybody's alerts for ever.
    f"SET lock_timeout = '{LOCK_SECONDS}s'",
    f"SET idle_in_transaction_session_timeout = '{4 * LOCK_SECONDS}s'",
)


class Database:
    """One database of one process. Threads may share it; a forked child must open its own."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # Set by the store: gives back a reserve when the disk is full; False: there was none.
        self.make_room: Callable[[], bool] = lambda: False
        # Set by the store when the tables are there: see `lease_clock.py`.
        self.lease_now: Callable[[Connection], datetime] = lambda _connection: utc_now()
        # SQLite has one writer at a time: inside a process, threads queue here, in fair order,
        # instead of in SQLite's sleeping retries.
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()
        options: dict[str, Any] = (
            {"connect_args": {"timeout": BUSY_SECONDS}}
            if self.is_sqlite
            else {"connect_args": _connect_args(self.url)}
        )
        try:
            self.engine = create_engine(
                self.url, hide_parameters=True, pool_timeout=BUSY_SECONDS, **options
            )
        except SQLAlchemyError as error:
            raise as_ours(error, self.url) from None
        self._deadline = None if self.is_sqlite else Deadline(ANSWER_SECONDS)
        event.listen(self.engine, "connect", self._on_connect)
        if self._deadline:
            event.listen(self.engine, "checkout", self._on_checkout)
        event.listen(self.engine, "begin", self._on_begin)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @property
    def label(self) -> str:
        """The database's name for people, without user and password."""
        if self.path is not None:
            return self.path.name
        host = self.url.host or ",".join(self.url.normalized_query.get("host", ())) or "local"
        return f"{host}:{self.url.port or 5432}/{self.url.database or self.url.username or ''}"

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Connection]:
        """A read-only transaction; `snapshot`: all statements see the same state."""
        with self._ours(), self._connected(Patience()) as connection:
            if snapshot and not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with nullcontext() if snapshot else self._in_time(connection), connection.begin():
                yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do the work in one transaction and commit it.

        It is repeated from the start when another writer interferes, or when the database goes
        away before the commit, so it must have no effect outside the database.
        """
        patience, attempt = Patience(), 1
        with self._ours():
            while True:
                is_at_commit = False
                try:
                    with self._one_writer, self._connected(patience) as connection:
                        connection.execution_options(aeef_write=True)
                        with self._in_time(connection), connection.begin():
                            done = work(connection)
                            is_at_commit = True
                        return done
                except DBAPIError as error:
                    is_again = is_race(error) or (is_full(error) and self.make_room())
                    if is_again and attempt < ATTEMPTS:
                        time.sleep(secrets.randbelow(10 * attempt) / 1000)
                        attempt += 1
                    # Whether a commit that got no answer was done is not known.
                    elif is_at_commit or not is_away(error) or not patience.lasts():
                        raise

    @contextmanager
    def _connected(self, patience: Patience) -> Iterator[Connection]:
        """A connection, as soon as the database answers."""
        while True:
            try:
                connection = self.engine.connect()
                break
            except DBAPIError as error:
                if not is_away(error) or not patience.lasts():
                    raise
        with connection:
            yield connection

    def _in_time(self, connection: Connection) -> AbstractContextManager[None]:
        if self._deadline is None:
            return nullcontext()
        return self._deadline.of(connection.connection.driver_connection)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        if self._deadline:
            self._deadline.close()

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            # Not chained: the driver's own error may repeat the connection parameters.
            raise as_ours(error, self.url) from None

    def _on_connect(self, connection: Any, record: Any) -> None:
        record.info[NEW] = True
        if self.is_sqlite:
            connection.isolation_level = None  # we send BEGIN ourselves, see below
        in_time = self._deadline.of(connection) if self._deadline else nullcontext()
        with in_time:
            cursor = connection.cursor()
            for statement in _SQLITE if self.is_sqlite else _POSTGRESQL:
                cursor.execute(statement)
            cursor.close()
            if not self.is_sqlite:
                connection.commit()

    def _on_checkout(self, connection: Any, record: Any, _proxy: Any) -> None:
        """Ask whether a kept connection still works, in time; if not, the pool opens another."""
        if self._deadline is None or record.info.pop(NEW, False):
            return
        with self._deadline.of(connection):
            try:
                self.engine.dialect.do_ping(connection)
            except self.engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError(type(error).__name__) from None

    def _on_begin(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE: a transaction that starts as a reader may fail at its first write."""
        if self.is_sqlite:
            writes = connection.get_execution_options().get("aeef_write", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _connect_args(url: URL) -> dict[str, Any]:
    return {} if "connect_timeout" in url.query else {"connect_timeout": 10}


def database_url(text: str) -> URL:
    """The URL with our driver.

    Raises ConfigurationError for anything except an SQLite file or PostgreSQL; the URL is not
    repeated, as it may contain a password.
    """
    not_a_url = ConfigurationError(
        "AEEF_DATABASE_URL is not a database URL; write sqlite:///PATH or "
        "postgresql://USER:PASSWORD@HOST:PORT/NAME, with special characters in the password "
        "percent-encoded (@ is %40)"
    )
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise not_a_url from None
    if not url.drivername.startswith("sqlite") and text.count("@") > 1:
        # What follows the first "@" would be taken as the host, and be shown.
        raise not_a_url
    backend = url.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        if url.database in (None, "", ":memory:") or str(url.database).startswith("file:"):
            raise ConfigurationError(
                "AEEF_DATABASE_URL names no SQLite file; incidents must outlive the process: "
                "write sqlite:///PATH"
            )
        return url.set(drivername="sqlite+pysqlite")
    raise ConfigurationError(
        f"AEEF_DATABASE_URL names the database '{backend}'; "
        "the incident store runs on sqlite and postgresql"
    )
