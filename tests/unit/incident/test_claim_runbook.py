"""One run responds to each occurrence of an incident, and never an earlier one's run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.settings import Settings
from tasks.incident.claim_runbook import claim_runbook, finish_runbook
from tasks.rollback.roll_back import rollback_id_of
from tasks.store import Store, open_store


@pytest.fixture
def settings(home: Path) -> Settings:
    """Our own directory is a fresh one."""
    return Settings(home=home)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Its store."""
    opened = open_store(settings)
    yield opened
    opened.close()


def relapsed(store: Store, incident: Incident) -> Incident:
    """The incident after it was mitigated, and seen broken again."""
    store.set_status(incident.incident_id, Status.MITIGATED, actor="runbook")
    return store.relapse(incident.incident_id, "seen broken", actor="test")


def test_a_relapse_has_a_run_of_its_own(settings: Settings, store: Store) -> None:
    """Retry of the first run does nothing for the second occurrence: its kept steps are old."""
    alert = Alert(description="x", service="shop")
    first = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident
    run, other = uuid4(), uuid4()
    assert None is claim_runbook(first, run, settings)
    second = relapsed(store, first)

    refused = claim_runbook(second, run, settings)
    finish_runbook(first, run, settings)
    taken = claim_runbook(second, other, settings)
    store.finish_claim(first.incident_id, "breach-channel", f"run {other}", {})

    assert refused is not None
    assert "this run was for occurrence 1" in refused
    assert None is taken
    assert None is claim_runbook(second, other, settings)
    assert "done" == store.claims(first.incident_id)["runbook:P1"].state
    assert "busy" == store.claims(first.incident_id)["runbook:P1:occurrence-2"].state


def test_each_occurrence_rolls_back_once(store: Store) -> None:
    """The target's history would take the second rollback for the first, done before."""
    alert = Alert(description="x", service="shop")
    first = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident
    second = relapsed(store, first)

    assert rollback_id_of(first) != rollback_id_of(second)
    assert rollback_id_of(first) == rollback_id_of(store.incident(first.incident_id).model_copy(
        update={"occurrence": 1}
    ))  # fmt: skip
    assert first.began_at < second.began_at
