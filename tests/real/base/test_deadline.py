"""Whatever a service does with its time, a call ends by its deadline."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from schemas.errors import TemporaryError
from schemas.settings import Settings
from standins.standin import settings_for
from tasks.base.http import Service, send
from tasks.base.network.deadline import LONGEST, deadline, seconds_left

SERVICE = Service("Drip", "AEEF_DRIP__URL")
MOST_BYTES = 2_000
"""At twenty a second: a test of what has no deadline ends too, late."""


class Drip:
    """A service that sends its answer byte by byte, and never all of it."""

    def __init__(self, beginning: bytes) -> None:
        self.sent = 0
        self._beginning = beginning
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="drip")
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop."""
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            with connection:
                connection.sendall(self._beginning)
                while self.sent < MOST_BYTES and not self._over.wait(0.05):
                    connection.sendall(b"x")
                    self.sent += 1


@pytest.fixture
def drip() -> Iterator[Callable[[bytes], Drip]]:
    """Start one; all are stopped at the end."""
    started: list[Drip] = []

    def start(beginning: bytes) -> Drip:
        started.append(Drip(beginning))
        return started[-1]

    yield start
    for each in started:
        each.close()


def call(url: str, settings: Settings) -> str:
    """Ask the service."""
    return send(
        SERVICE,
        lambda client: client.build_request("GET", url),
        settings,
        doing="ask",
        read=lambda answer: answer.text,
        tries=1,
    )


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b""],
    ids=["header", "body", "status line"],
)
def test_an_answer_that_drips(drip: Callable[[bytes], Drip], beginning: bytes) -> None:
    """Every byte comes in time; the whole does not."""
    service = drip(beginning)
    with pytest.raises(TemporaryError, match=r"no full answer within 0.3 s"):
        call(service.url, settings_for(retry={"request_timeout": 0.3}))

    assert service.sent < MOST_BYTES


def test_a_caller_s_deadline_is_for_everything_together(drip: Callable[[bytes], Drip]) -> None:
    """Also when each call could take longer; a deadline inside another only shortens it."""
    service = drip(b"HTTP/1.1 200 OK\r\nX-Long: ")
    with deadline(0.3), deadline(60):
        with pytest.raises(TemporaryError):
            call(service.url, settings_for(retry={"request_timeout": 60}))
        assert 0 == seconds_left()
        with pytest.raises(TemporaryError):
            call(service.url, settings_for(retry={"request_timeout": 60}))

    assert seconds_left() > LONGEST
    assert service.sent < MOST_BYTES


def test_a_look_up_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what it was."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: over.wait(60) and [])
    with pytest.raises(
        TemporaryError, match=r"look-up of pager.example did not end within 0\.\d s"
    ):
        call("http://pager.example", settings_for(retry={"request_timeout": 0.2}))
    over.set()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_drips(
    drip: Callable[[bytes], Drip], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """The deadline holds for its connections as well."""
    proxy = drip(b"HTTP/1.1 200 OK\r\nX-Long: ")
    monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
    with pytest.raises(TemporaryError, match=r"within 0.3 s"):
        call(f"{scheme}://pager.example", settings_for(retry={"request_timeout": 0.3}))

    assert 0 < proxy.sent < MOST_BYTES
