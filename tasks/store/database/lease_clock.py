"""The clock by which leases end. It does not jump when somebody sets the time of day.

On PostgreSQL, which several machines share, it is the database's. On SQLite, which one machine
uses, it counts from the machine's boot: all its processes agree, whatever happens to the time of
day; only the difference of two of its moments means something.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from schemas.errors import AeefError
from schemas.model import utc_now
from tasks.base.storable import moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, lease_clock

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LeaseClock = Callable[[Connection], datetime]


class Boot(NamedTuple):
    """The machine's present boot. ticks: nanoseconds since it began."""

    name: str
    ticks: Callable[[], int]


def this_boot() -> Boot | None:
    """The boot of this machine; None on systems that do not say."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return None
    try:
        name = BOOT_ID.read_text("ascii").strip()
    except OSError:
        return None
    return Boot(name, lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME))


def lease_clock_of(
    database: Database,
    boot: Boot | None,
    wall: Callable[[], datetime] = utc_now,
) -> LeaseClock:
    """The clock for the leases in this database. boot: `this_boot()`."""
    if not database.is_sqlite:
        return _of_the_database
    if boot is None:
        return lambda _connection: wall()
    with database.read() as connection:
        began = _began(connection, boot)
    if began is None:
        try:
            began = database.write(lambda connection: _begin(connection, boot, wall()))
        except AeefError:  # what cannot be written can still be read, and has no leases to give
            began = boot.ticks(), wall()
    ticks, moment = began

    def now(_connection: Connection) -> datetime:
        return moment + timedelta(microseconds=(boot.ticks() - ticks) // 1000)

    return now


def _of_the_database(connection: Connection) -> datetime:
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def _began(connection: Connection, boot: Boot) -> tuple[int, datetime] | None:
    row = connection.execute(select(lease_clock)).one_or_none()
    if row is None or row.boot != boot.name:
        return None
    return row.ticks, datetime.fromisoformat(row.moment)


def _begin(connection: Connection, boot: Boot, wall: datetime) -> tuple[int, datetime]:
    if (began := _began(connection, boot)) is not None:
        return began
    # A time of day that is wrong after a boot must not go back behind what is on record: the
    # leases of processes that are gone would be held for the difference.
    row = connection.execute(select(lease_clock)).one_or_none()
    newest = connection.execute(select(audit.c.timestamp).order_by(audit.c.seq.desc()).limit(1))
    known = [row.moment if row else None, newest.scalar()]
    moment = max([wall, *(datetime.fromisoformat(each) for each in known if each)])
    connection.execute(delete(lease_clock))
    began = boot.ticks(), moment
    connection.execute(
        insert(lease_clock).values(id=1, boot=boot.name, ticks=began[0], moment=moment_text(moment))
    )
    return began
