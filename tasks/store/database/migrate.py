"""Migrates the tables to the newest version; safe when several processes start at once."""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from schemas.errors import ConfigurationError
from tasks.base.file_lock import file_lock
from tasks.store.database.database import Database

HEAD = "0025"
VERSION_TABLE = "aeef_store_version"
"""Not Alembic's default name: Prefect may use the same PostgreSQL database."""

_LOCK_NUMBER = 0x61656566  # "aeef": a number that no other advisory lock is likely to have
_one_at_a_time = threading.Lock()  # Alembic's context is one per process


def migrate(database: Database) -> None:
    """Migrate the database to HEAD; only a quick check when it is up to date.

    Raises ConfigurationError when the database comes from a newer version of AEEF Runbooks.
    """
    if database.path is not None:
        _create_file(database.path)
    if _version(database) == HEAD:
        return
    with _one_at_a_time, _only_process(database.path) if database.path else nullcontext():
        if database.is_sqlite:
            with database.read() as connection:
                # The mode is stored in the file. It cannot be changed inside a transaction.
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                connection.exec_driver_sql("BEGIN")
        database.write(_upgrade)


def _version(database: Database) -> str | None:
    with database.read() as connection:
        return _version_in(connection)


def _version_in(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 (a constant)
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    """Run the missing migrations inside the connection's transaction: all or none."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    version = _version_in(connection)
    if version is not None and version not in known:
        raise ConfigurationError(
            f"the incident store has version {version}, which this AEEF Runbooks does not know "
            f"(it knows {HEAD}): a newer one made it. Install that, or restore a backup."
        )
    command.upgrade(config, "head")


def _create_file(path: Path) -> None:
    """Create the file readable by its owner only, which SQLite would not do."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"the incident store {path} cannot be written: {error.strerror}. "
            "Check AEEF_HOME (or AEEF_DATABASE_URL) and its rights."
        ) from error


def _only_process(path: Path) -> AbstractContextManager[int]:
    """Wait until no other process migrates this file."""
    return file_lock(path.with_name(path.name + ".migrate-lock"))
