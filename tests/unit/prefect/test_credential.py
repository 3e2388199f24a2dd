"""The credential of Prefect's server: made once, and handed to our own processes only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments.prefect_server.credential import (
    credential_of,
    credential_path,
    ensure_credential,
)
from deployments.prefect_server.settings import prefect_environment
from schemas.errors import ConfigurationError
from schemas.settings import Settings

VARIABLE = "PREFECT_API_AUTH_STRING"
OURS = "http://127.0.0.1:4200/api"
OTHER = "https://prefect.example.com/api"


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of an installation that was never started, without variables of Prefect's."""
    for name in ("PREFECT_API_URL", VARIABLE, "PREFECT_UI_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return Settings(home=home)


def test_it_is_made_once_and_only_its_owner_reads_it(settings: Settings) -> None:
    """Whoever comes first: all get the same."""
    assert credential_of(settings) is None

    with ThreadPoolExecutor(8) as starters:
        made = set(starters.map(lambda _: ensure_credential(settings), range(8)))

    assert {credential_of(settings)} == made
    assert made.pop().startswith("aeef:")
    assert 0o600 == credential_path(settings).stat().st_mode & 0o777
    assert [credential_path(settings)] == list(settings.home.iterdir())


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe"])
def test_a_damaged_one_is_no_credential(settings: Settings, content: bytes) -> None:
    """An empty one would let everybody in who sends nothing."""
    settings.home.mkdir()
    credential_path(settings).write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"prefect\.credential"):
        ensure_credential(settings)


def test_it_is_handed_over_for_the_server_of_aeef_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of what the user has for another one; there is none before the first start."""
    monkeypatch.setenv(VARIABLE, "of-another-server")
    assert "of-another-server" == prefect_environment(settings)[VARIABLE]

    credential = ensure_credential(settings)

    assert credential == prefect_environment(settings)[VARIABLE]


def test_it_is_handed_over_when_the_address_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a person does in a shell. What is given by hand stays."""
    monkeypatch.setenv("PREFECT_API_URL", OURS)
    assert ensure_credential(settings) == prefect_environment(settings)[VARIABLE]

    monkeypatch.setenv(VARIABLE, "by hand")
    assert "by hand" == prefect_environment(settings)[VARIABLE]


@pytest.mark.parametrize("url", [OTHER, "http://127.0.0.1:4201/api", "http://localhost:4200.x/api"])
def test_no_other_server_gets_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Only what the user set for it."""
    ensure_credential(settings)
    monkeypatch.setenv("PREFECT_API_URL", url)

    assert VARIABLE not in prefect_environment(settings)


def test_the_server_knows_no_other_origin(settings: Settings) -> None:
    """And its UI asks where it came from, by whatever name a person opened it."""
    environment = prefect_environment(settings)

    assert "http://127.0.0.1:4200" == environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"]
    assert "/api" == environment["PREFECT_UI_API_URL"]
