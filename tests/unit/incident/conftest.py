"""Fixtures: settings and a store of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.settings import Settings, load_settings
from tasks.store import Store, open_store


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With a home of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    return load_settings()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The store of these settings."""
    opened = open_store(settings)
    yield opened
    opened.close()
