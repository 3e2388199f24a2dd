"""One GET of an address of the target's that ends in time, whatever the server does.

httpx limits the wait for each piece of an answer, not the whole: a server that sends one header
line every second could hold a look for ever.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from tasks.base.network.connections import tls_context
from tasks.base.trim import one_line
from tasks.base.within import within


class _WithoutSecrets(logging.Filter):
    """Takes user, password and query out of the addresses that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                each.copy_with(userinfo=b"", query=None) if isinstance(each, httpx.URL) else each
                for each in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutSecrets())


class Seen(NamedTuple):
    """What a server answered. location: where a redirect leads; it is not followed."""

    status: int
    location: str
    body: bytes


class NoAnswerError(Exception):
    """No answer, or none that can be used; the text continues "the address …"."""


def http_look(url: str, *, seconds: float, longest: int) -> Seen:
    """GET the address. Raises NoAnswerError; its text has nothing of the address in it.

    seconds: for all of it: name, connection, TLS, headers and body.
    longest: bytes of a body.
    """
    sockets: list[socket.socket] = []

    def keep_socket(event: str, info: dict[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            sockets.append(info["return_value"].get_extra_info("socket"))

    def end() -> None:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def look() -> Seen:
        with (
            httpx.Client(
                timeout=seconds,
                trust_env=not is_loopback(url),
                verify=tls_context(),
                headers={"Accept-Encoding": "identity"},
            ) as client,
            client.stream(
                "GET", url, follow_redirects=False, extensions={"trace": keep_socket}
            ) as response,
        ):
            body = b""
            for part in response.iter_bytes():
                body += part
                if len(body) > longest:
                    raise NoAnswerError(f"answered more than {longest:,} bytes")
            return Seen(response.status_code, response.headers.get("Location", ""), body)

    try:
        return within(seconds, look, stop=end)
    except (TimeoutError, httpx.TimeoutException):
        raise NoAnswerError(f"did not finish its answer within {seconds:g} s") from None
    except httpx.ConnectError as error:
        raise NoAnswerError(f"cannot be reached: {one_line(str(error))[:200]}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswerError(f"gave no answer that can be read ({type(error).__name__})") from None


def is_loopback(url: str) -> bool:
    """True for this machine itself, for which a proxy from the environment is not used."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def shown_address(url: str) -> str:
    """An address without user name, password, query and fragment."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
