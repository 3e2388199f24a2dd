"""The record of what a person asked for: no page, and no automation that repeats it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from schemas.agents import NamedAgent
from schemas.errors import IncidentNotFound
from schemas.incident import Incident, IncidentType, Severity
from schemas.settings import Settings
from tasks.incident.open_by_hand import (
    is_for_freeze,
    open_for_freeze,
    open_for_rollback,
    open_for_service,
    open_for_suspension,
)
from tasks.store import Store
from tasks.store.claim_keys import runbook_key


def holder(store: Store, incident: Incident) -> tuple[str, str | None] | None:
    """The state of the claim on the incident's runbook, and its holder."""
    claim = store.claims(incident.incident_id).get(runbook_key(incident))
    return claim and (claim.state, claim.holder)


def test_its_runbook_counts_as_done(store: Store, settings: Settings) -> None:
    """By hand, or by a run, which gets the same record again."""
    agent, run = NamedAgent(agent_id="coder", target="shop"), uuid4()
    by_hand = [
        open_for_rollback("shop", "ada", settings),
        open_for_service("Isolation", "shop", "ada", "odd", settings),
        open_for_suspension(agent, "ada", "odd", settings),
        open_for_freeze("shop", "Ada", "", settings),
    ]
    by_run = open_for_service("Isolation", "shop", "ada", "odd", settings, run=run)

    assert 4 == len({each.incident_id for each in by_hand})
    for each in by_hand:
        state, who = holder(store, each) or ("", "")
        assert ("done", True) == (state, str(who).startswith("by hand "))
        assert Severity.P4 is each.severity
    assert ("done", f"run {run}") == holder(store, by_run)
    again = open_for_service("Isolation", "shop", "ada", "odd", settings, run=run)
    assert by_run.incident_id == again.incident_id
    assert 0 == store.pending_events()


def test_a_flow_run_claims_its_rollback_itself(store: Store, settings: Settings) -> None:
    """So that somebody is paged when it dies."""
    incident = open_for_rollback("shop", "ada", settings, uuid4())

    assert holder(store, incident) is None


def test_it_may_go_on_the_record_of_another_incident(store: Store, settings: Settings) -> None:
    """When that exists."""
    other = open_for_rollback("shop", "ada", settings)
    of_other = str(other.incident_id)

    found = open_for_service("Isolation", "x", "ada", "odd", settings, incident_id=of_other)

    assert other.incident_id == found.incident_id
    with pytest.raises(IncidentNotFound):
        open_for_service("Isolation", "x", "ada", "odd", settings, incident_id=str(uuid4()))


def test_the_record_of_a_freeze_is_known_as_such(store: Store, settings: Settings) -> None:
    """It is over when the freeze is."""
    freeze = open_for_freeze("shop", "Ada", "", settings)
    other = open_for_service("Isolation", "shop", "ada", "odd", settings)

    assert IncidentType.UNKNOWN == freeze.type
    assert is_for_freeze(store.alert(freeze.incident_id))
    assert not is_for_freeze(store.alert(other.incident_id))
