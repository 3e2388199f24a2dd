"""Begins every transaction of Prefect's server on SQLite as a writer, one after another.

Prefect begins most as readers. If another transaction has written since, a reader that wants to
write fails at once with "database is locked", whatever the timeout (SQLite, "Isolation": a read
transaction cannot be upgraded from an old snapshot): the API answers 503, or an automation
misses its event. Transactions that begin as writers wait for each other.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Lock, get_running_loop
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary

from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

begin_at_once = AioSqliteConfiguration.begin_transaction
"""Prefect's original method."""

TURNS: WeakKeyDictionary[AbstractEventLoop, Lock] = WeakKeyDictionary()


class Turn:
    """The right to write, until it is over."""

    over = False


TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


@asynccontextmanager
async def in_turn() -> AsyncGenerator[bool, None]:
    """Wait for the turn, first come first served; SQLite would sleep for up to 0.1 s at a time.

    Yields True inside another transaction, which may belong to the task that started this one.
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


@asynccontextmanager
async def begin_in_turn(
    self: AioSqliteConfiguration, session: AsyncSession, with_for_update: bool = False
) -> AsyncGenerator[AsyncSessionTransaction, None]:
    """Begin as Prefect does with `with_for_update`, which it sets for a few transactions itself.

    The transaction begins at once. The mode is then reset: it would also apply to another session
    used inside, and that one would wait for the surrounding transaction for ever.
    """
    async with in_turn() as is_inside:
        as_writer = with_for_update or not is_inside
        async with begin_at_once(self, session, with_for_update=as_writer) as begun:
            await session.connection()
            token = SQLITE_BEGIN_MODE.set(None)
            try:
                yield begun
            finally:
                SQLITE_BEGIN_MODE.reset(token)


def apply() -> None:
    """Patch every connection to SQLite in this process."""
    setattr(AioSqliteConfiguration, begin_at_once.__name__, begin_in_turn)
