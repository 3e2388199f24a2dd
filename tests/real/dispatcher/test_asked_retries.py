"""What a person wants tried again is tried again once, and what is not is on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deployments.dispatcher.asked_retries import TOO_LATE, AskedRetries
from schemas.incident import Alert, IncidentType, Severity
from standins.prefect.api import Prefect
from standins.standin import settings_for
from tasks.store import Store, open_store
from tasks.store.claim_keys import RETRY, retry_key

HOUR = timedelta(hours=1)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """An empty one."""
    made = open_store(settings_for(home=home))
    yield made
    made.close()


def asked(store: Store, prefect: Prefect, state: str, lease: timedelta = HOUR) -> UUID:
    """The incident of a run in this state that somebody wants tried again."""
    run_id = uuid4()
    incident = store.open_or_attach(
        Alert(description="x", service="shop"), IncidentType.SECURITY, Severity.P1
    ).incident
    prefect.runs[run_id] = state, {}
    store.claim(incident.incident_id, retry_key(run_id), f"run {run_id}", lease)
    return incident.incident_id


def not_begun(store: Store, incident_id: UUID) -> list[str]:
    """What is on record as not tried again."""
    actions = store.incident(incident_id).actions_taken
    return [each.action for each in actions if each.action.startswith("the retry was not")]


@pytest.mark.parametrize("state", ["FAILED", "CRASHED", "CANCELLED"])
def test_a_run_that_ended_is_due_again_once(store: Store, prefect: Prefect, state: str) -> None:
    """The second round finds nothing to do, and says nothing."""
    incident_id = asked(store, prefect, state)
    retries = AskedRetries(store)
    retries.run()
    retries.run()

    assert 1 == len(prefect.set_states)
    assert ([], []) == (store.unfinished_claims(RETRY), not_begun(store, incident_id))


def test_a_run_that_goes_on_already_is_left_alone(store: Store, prefect: Prefect) -> None:
    """The dispatcher died after Prefect had taken it: nothing is said, for nothing is wrong."""
    incident_id = asked(store, prefect, "SCHEDULED")
    AskedRetries(store).run()

    assert [] == prefect.set_states
    assert ([], []) == (store.unfinished_claims(RETRY), not_begun(store, incident_id))


@pytest.mark.parametrize(
    ("state", "lease", "said"),
    [
        ("COMPLETED", HOUR, "the retry was not begun: the run is completed"),
        ("FAILED", timedelta(0), TOO_LATE),
    ],
)
def test_what_is_not_tried_again_is_on_record(
    store: Store, prefect: Prefect, state: str, lease: timedelta, said: str
) -> None:
    """And is given up, so that it can be asked for anew."""
    incident_id = asked(store, prefect, state, lease)
    AskedRetries(store).run()

    assert [] == prefect.set_states
    assert ([], [said]) == (store.unfinished_claims(RETRY), not_begun(store, incident_id))
