"""Prefect's own server, tuned for one machine: SQLite takes turns, and nothing is made twice."""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext

from prefect.cli import app
from prefect.server.api import server
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import temporary_database_config
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class InTurn(AioSqliteConfiguration):
    """Every transaction begins as a writer.

    Prefect begins most as readers. One that then wants to write, while another has written since,
    fails at once with "database is locked", whatever the timeout (SQLite, "Isolation": a read
    transaction cannot be upgraded from an old snapshot): the API answers 503, or an automation
    misses its event. Those that begin as writers wait for each other.
    """

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """As Prefect's own with `with_for_update`, which it sets for a few transactions itself."""
        del with_for_update
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def look_up_the_app_once() -> None:
    """Let the server remember its own application.

    Each action of an automation asks for it, and so that it is found, Prefect writes out all
    settings and reads its logging configuration again: with many alerts, 40 % of the server's time
    went there (docs/performance.md). The settings of a running server do not change.
    """
    server.create_app = functools.cache(server.create_app)


def main() -> None:
    """Run `prefect server start` with the arguments given."""
    look_up_the_app_once()
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    is_sqlite = get_dialect(url).name == "sqlite"
    in_turn = temporary_database_config(InTurn(connection_url=url)) if is_sqlite else nullcontext()
    sys.argv[1:1] = ["server", "start"]
    with in_turn:
        app()


if __name__ == "__main__":
    main()
