"""Services are taken off every network: nothing answers, nothing is reached, all run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from isolation_sample import IsolationSample
from sample_targets import docker_available
from schemas.alert import Alert
from schemas.incident_type import IncidentType
from schemas.settings import load_settings
from schemas.severity import Severity
from support import not_available
from tasks.isolate_service import isolate_service
from tasks.restore_service import restore_service
from tasks.store import Store, open_store


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def sample(store: Store, tmp_path: Path) -> Iterator[IsolationSample]:
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


def incident(store: Store) -> str:
    """An open incident."""
    alert = Alert(type=IncidentType.SECURITY, description=str(uuid4()))
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    return str(opened.incident.incident_id)


def test_isolated_and_restored(store: Store, sample: IsolationSample) -> None:
    """Nothing answers and nothing is reached; afterwards everything is as it was."""
    web, db = sample.container("web"), sample.container("db")
    before = [sample.settings(web), sample.settings(db)]
    incident_id = incident(store)
    assert sample.answers()

    done = isolate_service.fn(incident_id, sample.target.name, [])

    assert [True, True] == [each.works for each in done.containers]
    assert not sample.answers()
    assert ["running"] * 2 == [each.status for each in (web, db)]

    restore_service.fn(incident_id, sample.target.name, [], "Ada Lovelace")

    assert before == [sample.settings(web), sample.settings(db)]
    assert sample.answers()
