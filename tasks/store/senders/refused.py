"""Bodies that were refused: the last of each sender and reason, until they are taken after all."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, case, delete, func, insert, select, update

from schemas.model import Model, UtcDatetime
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import Clock
from tasks.store.database.database import Database
from tasks.store.database.tables import refused

MOST_OF_ONE = 20
"""For one sender and one reason."""
MOST = 200
LONGEST_BODY = 64_000
"""Characters. A longer body is kept cut, and cannot be replayed."""
LONGEST_DETAIL = 2_000


class Refusal(Model):
    """One message that was refused.

    sender: `hooks/NAME`, `alertmanager`, … reason: in few words; detail: what its sender was told.
    body: masked, as text; empty when its sender was not known. is_whole: it can be replayed.
    asked_by: who wants it to be taken after all, which an intake is about to do.
    """

    number: int = 0
    sender: str
    reason: str
    detail: str
    body: str = ""
    is_whole: bool = False
    at: UtcDatetime
    asked_by: str | None = None


class RefusedBodies:
    """The table of refused bodies; never larger than `MOST` rows of `LONGEST_BODY` characters."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(
        self, sender: str, reason: str, detail: str, body: str = "", *, is_whole: bool = False
    ) -> None:
        """Keep one; the oldest of its kind, and of all, go. What is given must be masked."""
        kept = clean_text(body[:LONGEST_BODY])
        values = {
            "sender": sender,
            "reason": reason,
            "detail": clean_text(detail[:LONGEST_DETAIL]),
            "body": kept,
            "is_whole": int(is_whole and len(body) <= LONGEST_BODY),
            "at": moment_text(self._clock()),
        }

        def work(connection: Connection) -> None:
            connection.execute(insert(refused).values(values))
            alike = (refused.c.sender == sender) & (refused.c.reason == reason)
            newest = select(refused.c.number).order_by(refused.c.number.desc())
            of_kind = newest.where(alike).limit(MOST_OF_ONE)
            connection.execute(delete(refused).where(alike, refused.c.number.not_in(of_kind)))
            # What can be taken after all stays longest: strangers send as many as they like.
            worth = case((refused.c.body != "", 1), else_=0).desc()
            stay = select(refused.c.number).order_by(worth, refused.c.number.desc()).limit(MOST)
            connection.execute(delete(refused).where(refused.c.number.not_in(stay)))

        self._database.write(work)

    def all(self) -> list[Refusal]:
        """Those that are kept, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(refused).order_by(refused.c.number.desc())).all()
        return [Refusal.model_validate(row._asdict()) for row in rows]

    def one(self, number: int) -> Refusal | None:
        """One of them; None: it is not kept, or was taken."""
        query = select(refused).where(refused.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Refusal.model_validate(row._asdict())

    def drop(self, number: int) -> None:
        """It was taken after all."""
        self._database.write(
            lambda connection: connection.execute(delete(refused).where(refused.c.number == number))
        )

    def ask_replay(self, number: int, asked_by: str) -> None:
        """Somebody wants it to be taken after all."""
        self._change(number, asked_by=asked_by)

    def asked(self) -> list[Refusal]:
        """Those that somebody wants to be taken after all, the oldest first."""
        query = select(refused).where(refused.c.asked_by.is_not(None)).order_by(refused.c.number)
        with self._database.read() as connection:
            return [Refusal.model_validate(row._asdict()) for row in connection.execute(query)]

    def still_refused(self, number: int, detail: str) -> None:
        """It was tried again: why it is refused now. The detail must be masked."""
        self._change(number, asked_by=None, detail=clean_text(detail[:LONGEST_DETAIL]))

    def _change(self, number: int, **values: str | None) -> None:
        change = update(refused).where(refused.c.number == number).values(values)
        self._database.write(lambda connection: connection.execute(change))

    def how_many(self, sender: str, reason: str, within: timedelta) -> int:
        """How many of one kind came within this time; no more than are kept."""
        since = moment_text(self._clock() - within)
        query = select(func.count()).where(
            refused.c.sender == sender, refused.c.reason == reason, refused.c.at >= since
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def by_kind(self, within: timedelta) -> list[tuple[str, str, int]]:
        """Sender, reason, and how many of them are kept from this time."""
        since = moment_text(self._clock() - within)
        query = (
            select(refused.c.sender, refused.c.reason, func.count())
            .where(refused.c.at >= since)
            .group_by(refused.c.sender, refused.c.reason)
            .order_by(refused.c.sender, refused.c.reason)
        )
        with self._database.read() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(query)]
