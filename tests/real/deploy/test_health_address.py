"""Looking at an address: it ends in time, whatever the server does."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import Any

import pytest

from standins.health_address import ENDLESS, endless
from support import free_port, wait_until
from tasks.deploy.health_address import NoAnswerError, http_look, shown_address

SECONDS = 0.4


def _looking() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "within"]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", sorted(ENDLESS))
def test_a_look_ends_in_time_and_leaves_nothing(scheme: str, kind: str) -> None:
    """No piece is late, but the whole is: also where TLS should begin."""
    with endless(kind) as port:
        began = time.monotonic()

        with pytest.raises(NoAnswerError) as raised:
            http_look(f"{scheme}://127.0.0.1:{port}/health", seconds=SECONDS, longest=1000)

        took = time.monotonic() - began
        wait_until(lambda: not _looking())

    assert took < SECONDS + 1
    assert "127.0.0.1" not in str(raised.value)
    assert scheme == "https" or f"did not finish its answer within {SECONDS:g} s" == str(
        raised.value
    )


def test_a_name_server_that_hangs_does_not_hold_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver cannot be interrupted, but it need not be waited for."""
    over = threading.Event()

    def hang(*_: Any, **__: Any) -> None:
        over.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        began = time.monotonic()
        with pytest.raises(NoAnswerError, match=r"did not finish its answer within 0\.4 s"):
            http_look("http://shop.example/health", seconds=SECONDS, longest=1000)
        took = time.monotonic() - began
    finally:
        over.set()

    assert took < SECONDS + 1
    wait_until(lambda: not _looking())


def test_an_address_is_neither_shown_nor_logged_with_its_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """User, password, query and fragment."""
    caplog.set_level(logging.DEBUG)
    url = f"http://me:s3cret@127.0.0.1:{free_port()}/health?token=s3cret#s3cret"

    with pytest.raises(NoAnswerError, match="cannot be reached") as raised:
        http_look(url, seconds=5, longest=1000)

    assert "s3cret" not in f"{raised.value} {shown_address(url)} {caplog.text}"
    assert shown_address("http://[::1]:8080/up?x#y") == "http://[::1]:8080/up"
