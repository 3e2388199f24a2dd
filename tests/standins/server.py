"""The HTTP below the stand-ins: requests and replies as plain data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it arrived. `headers` have lower-case names."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)
    """When it arrived, on the monotonic clock."""

    @property
    def json(self) -> Any:
        """The body as JSON data; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Reply:
    """What is sent back; `body` is JSON data, or bytes as they are."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Server(ThreadingHTTPServer):
    """Serves on the loopback; what it started ends with it."""

    daemon_threads = False  # server_close() waits for them: nothing is left behind
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    """Hands each request to `handle`, and cuts the connection when it returns None."""

    timeout = 10  # seconds for a client that connects and says nothing

    def __init__(self, handle: Callable[[Received], Reply | None], *args: Any) -> None:
        self.handle_received = handle
        super().__init__(*args)

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        reply = self.handle_received(
            Received(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
            )
        )
        if reply is None:
            return  # HTTP/1.0: the connection is closed without a word
        content = reply.content
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        try:
            self.send_response(reply.status)
            for name, value in {**headers, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            return  # a client that did not wait

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  (the names http.server calls)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (http.server's name)
        """Say nothing: tests read `requests`."""
