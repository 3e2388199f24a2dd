"""Which run has its turn to change a target, by what the run itself wrote down."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import AuditLog
from tasks.store.database.tables import turns


class Changer(NamedTuple):
    """Who changes a target, and since when."""

    holder: str
    since: datetime


def begin_turn(log: AuditLog, target: str, holder: str) -> None:
    """Write down that the holder changes the target now, in place of whoever did before."""
    target, holder = clean_text(target), clean_text(holder)

    def work(connection: Connection) -> None:
        connection.execute(delete(turns).where(turns.c.target == target))
        since = moment_text(log.clock())
        connection.execute(insert(turns).values(target=target, holder=holder, since=since))

    log.database.write(work)


def end_turn(log: AuditLog, target: str, holder: str) -> None:
    """Write down that the holder does so no longer."""
    is_it = (turns.c.target == clean_text(target)) & (turns.c.holder == clean_text(holder))
    log.database.write(lambda connection: connection.execute(delete(turns).where(is_it)))


def changer_of(log: AuditLog, target: str) -> Changer | None:
    """Who changes the target now; None: nobody has written so."""
    with log.database.read() as connection:
        query = select(turns).where(turns.c.target == clean_text(target))
        row = connection.execute(query).one_or_none()
    return None if row is None else Changer(row.holder, datetime.fromisoformat(row.since))
