"""Connections whose client has not sent a whole request header: few at once, for seconds only."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADER_SECONDS = 5.0
"""From the first byte, or from connecting, to the end of a request's header."""
MOST_WAITING = 256
"""So many may be at that; the oldest gives way, so that a new alert always comes through."""

LISTENS = "/live"
"""How the addresses end whose answers go on until somebody hangs up."""


class Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # uvicorn chooses which
    """uvicorn's HTTP connection, which waits for ever for the rest of a header."""

    waiting: dict[Connection, asyncio.TimerHandle] = {}  # noqa: RUF012 - all of this process
    transport: Any
    scope: Any
    cycle: Any

    def connection_made(self, transport: Any) -> None:
        """Let it begin, and end the one that has waited longest when there are too many."""
        super().connection_made(transport)
        self._await_header()
        if len(self.waiting) > MOST_WAITING:
            next(iter(self.waiting))._give_up()  # noqa: SLF001 - a connection of this class

    def data_received(self, data: bytes) -> None:
        """Take what came; a request that has begun must go on in time."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self not in self.waiting:
            self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The intake stops: what only listens is let go at once, the rest is answered first."""
        super().shutdown()
        if self.cycle is not None and self.scope["path"].endswith(LISTENS):
            self.transport.close()

    def _await_header(self) -> None:
        loop = asyncio.get_running_loop()
        self.waiting[self] = loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if timer := self.waiting.pop(self, None):
            timer.cancel()

    def _give_up(self) -> None:
        self._stop_waiting()
        self.transport.abort()
