"""Fixtures: the shop that is isolated, on real Docker, and a record of its incident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from isolation_sample import IsolationSample
from sample_targets import docker_available
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import load_settings
from support import not_available
from tasks.store import Store, open_store


@pytest.fixture
def shop_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def shop_incident(shop_store: Store) -> str:
    """An open incident."""
    return new_incident(shop_store)


@pytest.fixture
def shop(shop_store: Store, tmp_path: Path) -> Iterator[IsolationSample]:
    """The shop, running and configured."""
    missing = docker_available()
    if missing:
        not_available(missing)
    made = IsolationSample(tmp_path)
    try:
        made.up()
        Path("aeef.toml").write_text(made.config())
        yield made
    finally:
        made.down()


def new_incident(store: Store) -> str:
    """One more open incident."""
    alert = Alert(type=IncidentType.SECURITY, description=str(uuid4()))
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    return str(opened.incident.incident_id)
