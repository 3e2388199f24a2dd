"""Every transaction of Prefect's server on SQLite begins as a writer, and waits its turn.

Prefect begins most as readers. One that then wants to write, while another has written since,
fails at once with "database is locked", whatever the timeout (SQLite, "Isolation": a read
transaction cannot be upgraded from an old snapshot): the API answers 503, or an automation
misses its event. Those that begin as writers wait for each other.
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
"""Prefect's own."""

TURNS: WeakKeyDictionary[AbstractEventLoop, Lock] = WeakKeyDictionary()


class Turn:
    """The right to write, until it is over."""

    over = False


TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


@asynccontextmanager
async def in_turn() -> AsyncGenerator[bool, None]:
    """Wait here, in order: SQLite waits by sleeping, up to a tenth of a second at a time.

    True: inside another transaction, which may belong to the task that started ours.
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
    """As Prefect's own with `with_for_update`, which it sets for a few transactions itself.

    It begins at once, and what is read inside by another session begins as ever: Prefect sets
    how they begin for both, and one that waits for the transaction around it waits in vain.
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
    """For every connection to SQLite in this process."""
    setattr(AioSqliteConfiguration, begin_at_once.__name__, begin_in_turn)
