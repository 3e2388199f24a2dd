"""A server whose answers never end: byte by byte, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
