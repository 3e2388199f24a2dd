"""Calls of a long-lived process share their connections, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.settings import Settings
from standins.keeping import Keeping
from standins.server import Received, Reply
from standins.standin import settings_for
from tasks.base.http import Service, Unclear, send
from tasks.base.network.connections import keep_connections


class Counting(Keeping):
    """A service that answers `ok` and would like to be sent a cookie."""

    section = "alertmanager"

    def credentials(self) -> dict[str, str]:
        """None."""
        return {}

    def answer(self, _request: Received) -> Reply:
        """Always the same."""
        return Reply(200, b"ok", {"Set-Cookie": "session=of-somebody; Path=/"})


@pytest.fixture
def service() -> Iterator[Counting]:
    """A running service."""
    with Counting() as standin:
        yield standin


@pytest.fixture
def settings(service: Counting) -> Settings:
    """Settings that point at it."""
    return settings_for(service)


def call(settings: Settings, *, tries: int = 1, repeatable: bool = True) -> str:
    """Call the service; its answer."""
    return send(
        Service("Counting", "AEEF_COUNTING__URL"),
        lambda client: client.build_request("POST", f"{settings.alertmanager.url}/"),
        settings,
        doing="call",
        read=lambda answer: answer.text,
        tries=tries,
        repeatable=repeatable,
    )


def test_ten_calls_use_one_connection(service: Counting, settings: Settings) -> None:
    """A page needs one exchange, and no new handshake."""
    with keep_connections(settings):
        answers = [call(settings) for _ in range(10)]

    assert ["ok"] * 10 == answers
    assert (10, 1) == (len(service.requests), service.connections)


def test_without_it_each_call_has_its_own(service: Counting, settings: Settings) -> None:
    """A short process, or one that forks, leaves nothing open; so it is again afterwards."""
    for _ in range(3):
        call(settings)
    with keep_connections(settings):
        call(settings)
        call(settings)
    call(settings)

    assert 3 + 1 + 1 == service.connections


def test_threads_share_them(service: Counting, settings: Settings) -> None:
    """One after the other they use the same connection; at once each has one."""
    with keep_connections(settings):
        for _ in range(3):
            with ThreadPoolExecutor(1) as pool:
                pool.submit(call, settings).result()
        one_by_one = service.connections
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: call(settings), range(40)))

    assert 1 == one_by_one
    assert ["ok"] * 40 == answers
    assert service.connections <= 4


def test_a_connection_that_the_server_closed_is_replaced(
    service: Counting, settings: Settings
) -> None:
    """Services close what is idle: the next call does not even need a second try."""
    with keep_connections(settings):
        call(settings)
        service.hang_up()
        answers = [call(settings, repeatable=False) for _ in range(2)]

    assert ["ok", "ok"] == answers
    assert (3, 2) == (len(service.requests), service.connections)


def test_a_connection_that_breaks_during_a_call_is_replaced(
    service: Counting, settings: Settings
) -> None:
    """A call that may be repeated is; any other is reported as unclear. The next call works."""
    with keep_connections(settings):
        call(settings)
        service.drop_connection()
        again = call(settings, tries=2)
        service.drop_connection()
        with pytest.raises(Unclear, match="the connection broke"):
            call(settings, tries=2, repeatable=False)
        afterwards = call(settings)

    assert ("ok", "ok") == (again, afterwards)
    assert 3 == service.connections


def test_the_innermost_is_used(service: Counting, settings: Settings) -> None:
    """The end of one leaves the other as it was."""
    with keep_connections(settings):
        call(settings)
        with keep_connections(settings):
            call(settings)
        call(settings)

    assert 2 == service.connections


def test_an_error_inside_closes_them(service: Counting, settings: Settings) -> None:
    """Calls do not use closed connections."""
    with pytest.raises(RuntimeError, match="inside"), keep_connections(settings):
        raise RuntimeError("inside")

    assert "ok" == call(settings)


def test_cookies_are_not_kept(service: Counting, settings: Settings) -> None:
    """Each call signs in for itself: a session would outlive the token that was taken away."""
    with keep_connections(settings):
        for _ in range(2):
            call(settings)

    assert [False, False] == ["cookie" in each.headers for each in service.requests]


def test_a_service_that_is_away_and_comes_back(service: Counting, settings: Settings) -> None:
    """No connection is kept from an outage either."""
    with keep_connections(settings):
        call(settings)
        service.fail_with(503)
        with pytest.raises(Unclear):
            call(settings)
        service.hang_up()

        assert "ok" == call(settings)
