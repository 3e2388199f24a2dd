"""How often a run was taken over after its death, counted so that it survives every process."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog
from tasks.store.database.tables import takeovers

BUSY = timedelta(seconds=30)
"""How long whoever takes a run over has for it; then another may do it in its place."""


class TakeOver(NamedTuple):
    """number: of this take-over, the first is 1. is_mine: the caller is the one to do it."""

    number: int
    is_mine: bool


def take_over(log: AuditLog, run_id: UUID, death: UUID, most: int) -> TakeOver | None:
    """Count the take-over of a run that died; None when it was taken over `most` times before.

    death: the id of the state in which the run ended. Each death is counted once, whoever asks
    and however often; one caller at a time is told to act on it.
    """
    run, state = str(run_id), str(death)
    is_it = (takeovers.c.run_id == run) & (takeovers.c.death == state)

    def work(connection: Connection) -> TakeOver | None:
        now = log.database.lease_now(connection)
        row = connection.execute(select(takeovers).where(is_it).with_for_update()).one_or_none()
        if row is None:
            number = _count(connection, run) + 1
            if number > most:
                return None
            # Of two at once one fails as not unique, and its transaction runs again.
            new = {"run_id": run, "number": number, "death": state, "at": moment_text(now)}
            connection.execute(insert(takeovers).values(**new))
            return TakeOver(number, is_mine=True)
        if row.at > moment_text(now - BUSY):
            return TakeOver(row.number, is_mine=False)
        connection.execute(update(takeovers).where(is_it).values(at=moment_text(now)))
        return TakeOver(row.number, is_mine=True)

    return log.database.write(work)


def times_taken_over(log: AuditLog, run_id: UUID, death: UUID | None = None) -> int:
    """How many deaths of this run were followed by a take-over, without this one's."""
    run = str(run_id)
    with log.database.read() as connection:
        this = (takeovers.c.run_id == run) & (takeovers.c.death == str(death))
        query = select(func.count()).select_from(takeovers).where(this)
        return _count(connection, run) - int(connection.execute(query).scalar_one())


def _count(connection: Connection, run: str) -> int:
    query = select(func.count()).select_from(takeovers).where(takeovers.c.run_id == run)
    return connection.execute(query).scalar_one()
