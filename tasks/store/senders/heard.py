"""Who has sent, and for how long each has been silent while somebody listened.

Silence is counted only while an intake listens: one that was stopped for an hour has not missed
anybody. It is kept in the store: one that is restarted again and again forgets nothing. The time
is that of the lease clock, which does not jump.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from tasks.base.storable import moment_text
from tasks.store.audit.audit import Clock
from tasks.store.database.database import Database
from tasks.store.database.tables import heard_senders as table


class Silence(NamedTuple):
    """One sender. seconds: of silence, while somebody listened. heard_at: None: never.

    is_reported: its silence is an incident already.
    """

    sender: str
    seconds: float
    heard_at: datetime | None
    is_reported: bool


class HeardSenders:
    """The table of senders."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def hear(self, sender: str) -> bool:
        """It has sent something that was taken; True when its silence had been reported."""

        def work(connection: Connection) -> bool:
            now = moment_text(self._database.lease_now(connection))
            before = connection.execute(select(table).where(table.c.sender == sender)).one_or_none()
            values = {
                "heard_at": moment_text(self._clock()),
                "listened_at": now,
                "silent_for": 0,
                "is_reported": 0,
            }
            if before is None:
                connection.execute(insert(table).values(sender=sender, **values))
                return False
            connection.execute(update(table).where(table.c.sender == sender).values(values))
            return bool(before.is_reported)

        return self._database.write(work)

    def listen(self, expected: Mapping[str, float], longest: timedelta) -> list[Silence]:
        """Count the time since the last round, for each that is expected; what it has come to.

        expected: senders with the seconds within which each has to be heard.
        longest: no more than this counts: nobody listened meanwhile.
        """

        def work(connection: Connection) -> list[Silence]:
            now = self._database.lease_now(connection)
            rows = {row.sender: row for row in connection.execute(select(table))}
            found = []
            for sender in expected:
                if (row := rows.get(sender)) is None:
                    connection.execute(
                        insert(table).values(
                            sender=sender, listened_at=moment_text(now), silent_for=0, is_reported=0
                        )
                    )
                    found.append(Silence(sender, 0.0, None, is_reported=False))
                    continue
                since = now - datetime.fromisoformat(row.listened_at)
                counted = max(timedelta(0), min(since, longest))
                silent_for = row.silent_for + round(counted.total_seconds() * 1000)
                connection.execute(
                    update(table)
                    .where(table.c.sender == sender)
                    .values(listened_at=moment_text(now), silent_for=silent_for)
                )
                heard_at = None if row.heard_at is None else datetime.fromisoformat(row.heard_at)
                found.append(
                    Silence(sender, silent_for / 1000, heard_at, is_reported=bool(row.is_reported))
                )
            return found

        return self._database.write(work) if expected else []

    def reported(self, sender: str) -> None:
        """Its silence is an incident now."""
        change = update(table).where(table.c.sender == sender).values(is_reported=1)
        self._database.write(lambda connection: connection.execute(change))

    def ever(self) -> dict[str, datetime]:
        """Who was heard, and when last."""
        with self._database.read() as connection:
            rows = connection.execute(select(table).where(table.c.heard_at.is_not(None))).all()
        return {row.sender: datetime.fromisoformat(row.heard_at) for row in rows}
