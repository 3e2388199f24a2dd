"""One deadline for all that a call does on the network: name look-up, handshake, every byte.

A client's own timeouts are for each read: a service that sends one byte a second never ends.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from tasks.base.network.name_lookup import addresses_of

LONGEST = 3600.0
"""Seconds, for a client without any timeout."""

_ENDS: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Inside the block, nothing on the network takes longer than this, all together.

    A block inside a block can only shorten it.
    """
    token = _ENDS.set(min(_ENDS.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ENDS.reset(token)


def seconds_left() -> float:
    """Until the deadline; infinite without one, 0 when it has passed."""
    return max(_ENDS.get() - time.monotonic(), 0.0)


def bounded(client: httpx.Client) -> httpx.Client:
    """The client, whose connections (through a proxy, too) keep the deadline."""
    # httpx has no way to give it: a transport of ours would switch its proxies off.
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        pool = getattr(transport, "_pool", None)
        if isinstance(pool, httpcore.ConnectionPool):
            pool._network_backend = _Backend()  # noqa: SLF001
    return client


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        within = _within(timeout, httpcore.ConnectTimeout)
        ends = time.monotonic() + within
        try:
            addresses = addresses_of(host, within)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from None
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for number, address in enumerate(addresses):
            # An address that swallows everything must leave time for the others.
            share = max(ends - time.monotonic(), 0.001) / (len(addresses) - number)
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _within(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _within(timeout, httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        within = _within(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, within))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _within(timeout: float | None, too_late: type[Exception]) -> float:
    """The seconds that this may take. Raises when the deadline has passed."""
    left = seconds_left()
    if left <= 0:
        raise too_late("the deadline has passed")
    return min(LONGEST if timeout is None else timeout, left)
