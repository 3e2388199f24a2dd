"""Servers that keep their connections, as the vendors' do, and count them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from standins.server import Handler, Received, Reply, Server
from standins.standin import StandIn


class KeepingServer(Server):
    """Counts its connections: `opened` in all, and those that are open."""

    def __init__(self, *args: Any) -> None:
        self.opened = 0
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take another connection."""
        connection, address = super().get_request()
        self.opened += 1
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Remove a connection that is over."""
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every connection, as a server does that was idle for long."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def server_close(self) -> None:
        """Wait for no client to say something more."""
        self.hang_up()
        super().server_close()


class KeepingHandler(Handler):
    """Goes on after a reply, and cuts the connection when there is none."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, handle: Callable[[Received], Reply | None], *args: Any) -> None:
        def handled(received: Received) -> Reply | None:
            reply = handle(received)
            self.close_connection = self.close_connection or reply is None
            return reply

        super().__init__(handled, *args)


class Keeping(StandIn):
    """Mixed into a stand-in, before it."""

    served_by: ClassVar[type[Server]] = KeepingServer
    handled_by: ClassVar[type[Handler]] = KeepingHandler

    @property
    def connections(self) -> int:
        """How many were opened so far."""
        return self._keeping.opened

    def hang_up(self) -> None:
        """Close them all; it goes on to take new ones."""
        self._keeping.hang_up()

    @property
    def _keeping(self) -> KeepingServer:
        assert isinstance(self._server, KeepingServer)
        return self._server
