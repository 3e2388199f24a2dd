"""Health addresses of applications: one that answers, and one whose answers never end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

EVERY = 0.05
"""Seconds between two pieces: always within any limit for one piece."""

ENDLESS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-%d: more\r\n"),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"%d"),
    "a status line": (b"HTTP/1.1 200 O", b"K%d"),
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b"%d"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n%.1d\r\n"),
    "first answers": (b"", b"HTTP/1.1 103 Early Hints\r\nX: %d\r\n\r\n"),
    "silence": (b"", b""),
}
"""What never ends: how the answer begins, and what is sent again and again."""


@contextmanager
def serving(*answers: tuple[int, str]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers one after the other, the last one for ever."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.path)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/health", asked
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def endless(kind: str) -> Iterator[int]:
    """Serve on a port of the loopback; everything ends with the block."""
    begins, goes_on = ENDLESS[kind]
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(begins)
            for number in count():
                if over.wait(EVERY):
                    return
                piece = goes_on % (number % 10) if goes_on else b""
                connection.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads.append(threading.Thread(target=accept))
        threads[0].start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            for each in threads:
                each.join()
