"""Whether the record can be written: by writing something and reading it back, not by asking."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, delete, insert, select

from schemas.errors import AeefError, TemporaryError
from schemas.settings import Settings
from tasks.store.database.database import Database
from tasks.store.database.disk import Reserve, free_bytes, in_words
from tasks.store.database.failures import SERVICE
from tasks.store.database.tables import written

PIECE = 4096
"""Bytes written into AEEF_HOME: a block, which a full disk does not have."""


class Written(NamedTuple):
    """problems: why an alert could not be recorded. warnings: what will be a problem soon."""

    problems: list[str]
    warnings: list[str]


def write_and_read(database: Database, name: str) -> None:
    """Write a row and read it back. name: who does, as two must not share a row.

    Raises ConfigurationError, TemporaryError or PermanentError that says why not.
    """
    row = str(uuid5(NAMESPACE_URL, f"aeef:written/{socket.gethostname()}/{name}"))
    text = secrets.token_hex(16)

    def work(connection: Connection) -> None:
        connection.execute(delete(written).where(written.c.id == row))
        connection.execute(insert(written).values(id=row, text=text))

    database.write(work)
    with database.read() as connection:
        found = connection.execute(select(written.c.text).where(written.c.id == row)).scalar()
    if found is None:
        raise TemporaryError(SERVICE, "what was written is not there: is it the same database?")


def check_home(home: Path) -> str | None:
    """Why AEEF_HOME cannot be written; None when it can, which was tried."""
    path = home / f".written-{os.getpid()}-{secrets.token_hex(4)}"
    content = secrets.token_bytes(PIECE)
    try:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            same = file.read() == content
    except OSError as error:
        words = in_words(error, "write in AEEF_HOME") or (
            f"could not write in AEEF_HOME: {home}: {error.strerror}: it must belong to the user"
            " that runs this"
        )
        return words.replace(str(path), str(home))
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
    return None if same else f"what was written in AEEF_HOME ({home}) cannot be read back"


def check_written(database: Database, settings: Settings, name: str) -> Written:
    """Try the database, AEEF_HOME and its disk; make the reserve again when there is space."""
    problems, warnings = [], []
    try:
        write_and_read(database, name)
    except AeefError as error:
        problems.append(str(error))
    if why := check_home(settings.home):
        problems.append(why)
    if low := low_space(settings):
        warnings.append(low)
    return Written(problems, warnings)


def low_space(settings: Settings) -> str | None:
    """That the disk of AEEF_HOME is nearly full; None when it is not, or cannot be asked."""
    there = Reserve(settings.home, settings.disk.reserve).ensure()
    try:
        free = free_bytes(settings.home)
    except OSError:
        return None
    if there and free >= settings.disk.low:
        return None
    gone = "" if there else ", and the reserve for records is used up or could not be made"
    return (
        f"the disk of AEEF_HOME ({settings.home}) has {in_megabytes(free)} left{gone}:"
        " make space there"
    )


def in_megabytes(size: int) -> str:
    """`12.3 MB`."""
    return f"{size / 1_000_000:.1f} MB"
