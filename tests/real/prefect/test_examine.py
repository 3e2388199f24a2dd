"""`aeef doctor` tries Prefect servers of other people's making: with no login, with any origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.prefect_server.examine import locked
from schemas.errors import AeefError
from schemas.settings import Settings
from standins.server import Received, Reply
from standins.standin import StandIn

ORIGIN = "https://elsewhere.invalid"


class Own(StandIn):
    """A Prefect server that somebody started."""

    section = "prefect"
    base_path = "/api"
    status = 401
    lets_in = ""

    def credentials(self) -> dict[str, str]:
        """None of ours."""
        return {}

    def answer(self, request: Received) -> Reply:
        """The same for everything but health, which Prefect leaves open."""
        headers = {"Access-Control-Allow-Origin": self.lets_in} if self.lets_in else {}
        is_open = request.path == "/api/health" or request.method == "OPTIONS"
        return Reply(200 if is_open else self.status, {}, headers)


@pytest.fixture
def own(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    """It is the one that is used."""
    with Own() as server:
        monkeypatch.setenv("PREFECT_API_URL", server.url)
        yield server


@pytest.fixture
def look(home: Path) -> Callable[[], str]:
    """What doctor finds."""
    return lambda: locked(Settings(home=home))


def test_a_server_with_a_login_is_fine(own: Own, look: Callable[[], str]) -> None:
    """Prefect leaves its health open, as balancers want it."""
    assert "nobody without a login" in look()


@pytest.mark.parametrize("status", [200, 404, 422, 500])
def test_a_server_that_answers_anybody_is_not(
    own: Own, look: Callable[[], str], status: int
) -> None:
    """With the settings that lock it."""
    own.status = status

    with pytest.raises(AeefError, match="PREFECT_SERVER_API_AUTH_STRING"):
        look()


@pytest.mark.parametrize("origin", ["*", ORIGIN])
def test_a_server_that_any_page_may_speak_to_is_not(
    own: Own, look: Callable[[], str], origin: str
) -> None:
    """Even with a login: a browser may have it."""
    own.lets_in = origin

    with pytest.raises(AeefError, match="PREFECT_SERVER_CORS_ALLOWED_ORIGINS"):
        look()


def test_a_server_that_is_away_is_said_to_be(
    home: Path, look: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was seen of its lock."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    with pytest.raises(AeefError, match="does not answer"):
        look()
