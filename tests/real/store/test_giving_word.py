"""A guessed type is kept as such, and becomes somebody's word once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from fixtures.store import Clock
from schemas.errors import InvalidInput
from schemas.incident import Alert, Incident, IncidentType, Severity, Status, TypeSource
from tasks.store import Opened, Store
from tasks.store.claim_keys import runbook_key

BREACH, SECURITY, UNKNOWN = IncidentType.DATA_BREACH, IncidentType.SECURITY, IncidentType.UNKNOWN
GUESS, NONE, SENDER = TypeSource.GUESS, TypeSource.NONE, TypeSource.SENDER
FROM = "'data breach' in the name DataBreachSuspected"
DETECTED = "aeef.incident.detected"


def send(
    store: Store, incident_type: IncidentType, source: TypeSource, guessed_from: str = ""
) -> Opened:
    """An alert of one and the same problem."""
    alert = Alert(description="x", service="shop", dedup_key="one", source="monitoring")
    return store.open_or_attach(
        alert, incident_type, Severity.P1, source=source, guessed_from=guessed_from
    )


@pytest.fixture
def guess(store: Store) -> Incident:
    """An open incident that is only guessed to be a data breach; Prefect has its event."""
    opened = send(store, BREACH, GUESS, FROM).incident
    take_events(store)
    return opened


def take_events(store: Store) -> list[tuple[str, str]]:
    """The events that wait for Prefect, and their type; they are sent then."""
    events = store.lease_events("test")
    store.events_sent([event.event_id for event in events])
    return [(event.event, event.payload["type"]) for event in events]


def test_a_guess_is_kept_beside_the_spec_s_document(store: Store, guess: Incident) -> None:
    """With its words, in the store and in the audit log; the record stays the spec's."""
    found = store.incident(guess.incident_id)
    opening = store.timeline(guess.incident_id)[0].details

    assert (GUESS, FROM) == (found.type_source, found.guessed_from)
    assert ("guess", FROM) == (opening["typeSource"], opening["guessedFrom"])
    assert {"typeSource", "guessedFrom", "wordAt"}.isdisjoint(found.to_json())
    assert f"P1 data-breach (guessed) shop {guess.reference}" == found.title
    assert found.waits_for_word
    store.verify_audit()


def test_of_two_people_at_once_one_confirms(store: Store, guess: Incident) -> None:
    """It is recorded and announced once; whoever comes later changes nothing."""
    with ThreadPoolExecutor(8) as people:
        given = list(
            people.map(lambda name: store.answer(guess.incident_id, None, actor=name), "abcdefgh")
        )

    assert 1 == sum(each.is_new for each in given)
    assert [(DETECTED, BREACH)] == take_events(store)
    found = store.incident(guess.incident_id)
    [action] = [each for each in found.actions_taken if "confirmed" in each.action]
    assert f"type confirmed: it is data-breach (it was guessed from {FROM})" == action.action
    assert (False, True, TypeSource.PERSON) == (
        action.automated, found.has_word, found.type_source
    )  # fmt: skip
    assert not store.answer(guess.incident_id, None, actor="later").is_new
    assert [] == take_events(store)
    store.verify_audit()


def test_the_runbook_is_due_once_more_from_the_word_on(
    store: Store, clock: Clock, guess: Incident
) -> None:
    """What prepared on the guess does not count, nor the hours that it waited."""
    store.finish_claim(guess.incident_id, runbook_key(guess), "run 1", {})
    clock.advance(timedelta(hours=3))
    minute = timedelta(minutes=1)
    waits = store.open_incidents_missing_runbook(Severity.P1, older_than=minute)
    confirmed = store.answer(guess.incident_id, None, actor="ada").incident
    at_once = store.open_incidents_missing_runbook(Severity.P1, older_than=minute)
    clock.advance(2 * minute)
    late = store.open_incidents_missing_runbook(Severity.P1, older_than=minute)
    store.finish_claim(guess.incident_id, runbook_key(confirmed), "run 2", {})

    assert ([], [], [guess.incident_id]) == (waits, at_once, [each.incident_id for each in late])
    assert runbook_key(guess) != runbook_key(confirmed)
    assert [] == store.open_incidents_missing_runbook(Severity.P1, older_than=minute)


def test_a_no_is_kept_and_may_become_a_yes(store: Store, guess: Incident) -> None:
    """It is of no known type then, and nothing starts; after a yes there is no way back."""
    no = store.answer(guess.incident_id, UNKNOWN, actor="ada")

    assert (True, False) == (no.is_new, no.starts)
    assert [] == take_events(store)
    assert not store.incident(guess.incident_id).has_word
    assert store.answer(guess.incident_id, SECURITY, actor="grace").starts
    assert [(DETECTED, SECURITY)] == take_events(store)
    with pytest.raises(InvalidInput, match="is not undone by another answer"):
        store.answer(guess.incident_id, UNKNOWN, actor="ada")


@pytest.mark.parametrize(
    ("incident_type", "source", "said"),
    [
        (BREACH, SENDER, "nothing to confirm: the sender says"),
        (BREACH, TypeSource.RULE, "nothing to confirm: a rule of yours says"),
        (UNKNOWN, NONE, "say which it is, with --type"),
    ],
)
def test_without_a_guess_there_is_nothing_to_confirm(
    store: Store, incident_type: IncidentType, source: TypeSource, said: str
) -> None:
    """And the record stays as it was."""
    opened = send(store, incident_type, source).incident
    with pytest.raises(InvalidInput, match=said):
        store.answer(opened.incident_id, None, actor="ada")

    assert opened == store.incident(opened.incident_id)


def test_what_is_over_is_not_confirmed(store: Store, guess: Incident) -> None:
    """Nothing would be done for it."""
    store.set_status(guess.incident_id, Status.RESOLVED, actor="ada")

    with pytest.raises(InvalidInput, match="is resolved: nothing is done for it any longer"):
        store.answer(guess.incident_id, None, actor="ada")


@pytest.mark.parametrize(
    ("first", "then", "becomes"),
    [
        ((BREACH, GUESS), (BREACH, SENDER), (BREACH, SENDER, True)),
        ((SECURITY, GUESS), (BREACH, SENDER), (BREACH, SENDER, True)),
        ((UNKNOWN, NONE), (SECURITY, TypeSource.RULE), (SECURITY, TypeSource.RULE, True)),
        ((BREACH, GUESS), (SECURITY, GUESS), (BREACH, GUESS, False)),
        ((BREACH, SENDER), (SECURITY, SENDER), (BREACH, SENDER, False)),
        # Its rollback may have been made on the guess already.
        ((UNKNOWN, NONE), (IncidentType.DEPLOYMENT_FAILURE, SENDER), (UNKNOWN, NONE, False)),
    ],
)
def test_a_later_word_of_a_sender_settles_a_guess(
    store: Store, first: Any, then: Any, becomes: tuple[IncidentType, TypeSource, bool]
) -> None:
    """The same key is the same incident, whatever it is called; a word is never overruled."""
    send(store, *first)
    take_events(store)
    again = send(store, *then)
    incident_type, source, starts = becomes

    assert (False, starts) == (again.is_new, again.word_given)
    assert (incident_type, source) == (again.incident.type, again.incident.type_source)
    assert ([(DETECTED, incident_type)] if starts else []) == take_events(store)
    assert again.incident == store.incident(again.incident.incident_id)
