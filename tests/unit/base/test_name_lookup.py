"""A name server that hangs costs a caller its deadline, and the process a few threads at most."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support import wait_until
from tasks.base.network.name_lookup import MOST_AT_ONCE, addresses_of, lookups_under_way


class Resolver:
    """A name server that answers `127.0.0.7` when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = threading.Event()

    def look_up(self, host: str, _port: Any, **_more: Any) -> list[Any]:
        """As `socket.getaddrinfo`."""
        self.asked.append(host)
        self.answers.wait(60)
        if host.startswith("unknown"):
            raise socket.gaierror(-2, "Name or service not known")
        twice = ["127.0.0.7", "127.0.0.7", "::7"]
        return [(None, None, None, None, (address, 0)) for address in twice]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """It hangs at first, and has nobody waiting at the end."""
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made.look_up)
    yield made
    made.answers.set()
    wait_until(lambda: not lookups_under_way())


def test_a_name_has_its_addresses_in_order(resolver: Resolver) -> None:
    """Each once; an address needs no look-up."""
    resolver.answers.set()

    assert ["127.0.0.7", "::7"] == addresses_of("pager.example", 60)
    assert [["10.1.2.3"], ["::1"]] == [addresses_of(each, 60) for each in ("10.1.2.3", "::1")]
    assert ["pager.example"] == resolver.asked
    with pytest.raises(socket.gaierror, match="not known"):
        addresses_of("unknown.example", 60)


def test_whoever_asks_for_a_hanging_name_is_answered_in_time(resolver: Resolver) -> None:
    """And waits for the look-up that is under way: it costs one thread."""
    for _ in range(5):
        with pytest.raises(TimeoutError, match=r"look-up of pager.example did not end"):
            addresses_of("pager.example", 0.01)

    assert ["pager.example"] == resolver.asked
    resolver.answers.set()
    wait_until(lambda: not lookups_under_way())
    assert ["127.0.0.7", "::7"] == addresses_of("pager.example", 60)


def test_so_many_hang_and_no_more(resolver: Resolver) -> None:
    """Another name is refused at once then."""
    for number in range(MOST_AT_ONCE):
        with pytest.raises(TimeoutError):
            addresses_of(f"{number}.example", 0.01)
    with pytest.raises(TimeoutError, match=rf"{MOST_AT_ONCE} name look-ups hang"):
        addresses_of("one-more.example", 60)

    assert MOST_AT_ONCE == len(resolver.asked)
