"""No event is lost, and two senders never hold the same one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from fixtures.store import Clock
from processes.store_workers import drain_outbox, in_processes
from schemas.errors import IncidentNotFound
from schemas.incident import Alert, IncidentType, Severity
from tasks.store import Store

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(store: Store) -> UUID:
    """An open incident, whose own event is sent."""
    alert = Alert(description="shop answers 500", service="shop")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    store.events_sent([event.event_id for event in store.lease_events("setup")])
    return opened.incident.incident_id


def test_an_event_carries_what_it_is_about(store: Store, incident: UUID) -> None:
    """The payload is the caller's, with labels and the head of the audit chain beside it."""
    event_id = uuid4()
    store.emit(incident, "aeef.incident.paged", {"channel": "slack\x00"}, event_id=event_id)
    (event,) = store.lease_events("a")

    assert (event.event_id, event.incident_id, event.event, event.attempts) == (
        event_id,
        incident,
        "aeef.incident.paged",
        1,
    )
    assert event.payload == {
        "channel": "slack\ufffd",
        "incidentId": str(incident),
        "type": "security",
        "severity": "P2",
        "service": "shop",
        "sender": "api",
        "occurrence": 1,
        "auditSeq": 1,
        "auditHead": store.audit_head()[1],
    }


def test_the_same_event_is_emitted_once(store: Store, incident: UUID) -> None:
    """A rerun emits nothing twice, also after it was sent."""
    event_id = uuid4()
    store.emit(incident, "aeef.incident.paged", {}, event_id=event_id)
    store.emit(incident, "aeef.incident.paged", {}, event_id=event_id)
    store.events_sent([event_id])
    store.emit(incident, "aeef.incident.paged", {}, event_id=event_id)

    assert store.pending_events() == 0


def test_events_come_in_order_and_leave_when_sent(store: Store, incident: UUID) -> None:
    """Oldest first; what was sent is gone."""
    for number in range(5):
        store.emit(incident, f"event {number}", {})
    first = store.lease_events("a", limit=2)
    second = store.lease_events("b", limit=2)
    store.events_sent([event.event_id for event in first + second])
    rest = store.lease_events("a")

    assert [event.event for event in first + second + rest] == [f"event {n}" for n in range(5)]
    assert store.pending_events() == 1


def test_a_leased_event_is_not_given_to_another(store: Store, incident: UUID, clock: Clock) -> None:
    """Another gets it when the lease is over; its own holder gets it again at once."""
    store.emit(incident, "paged", {})
    mine = store.lease_events("a", lease=MINUTE)
    theirs = store.lease_events("b", lease=MINUTE)
    mine_again = store.lease_events("a", lease=MINUTE)
    clock.advance(2 * MINUTE)
    later = store.lease_events("b", lease=MINUTE)

    assert [len(mine), len(theirs), len(mine_again), len(later)] == [1, 0, 1, 1]
    assert later[0].attempts == 3


def test_a_failed_event_is_due_later(store: Store, incident: UUID, clock: Clock) -> None:
    """It is not lost, and not tried again before its time."""
    store.emit(incident, "paged", {})
    (event,) = store.lease_events("a")
    store.events_failed([event.event_id], clock() + MINUTE)
    at_once = store.lease_events("b")
    clock.advance(2 * MINUTE)
    later = store.lease_events("b")

    assert (at_once, len(later), later[0].attempts) == ([], 1, 2)
    assert store.pending_events() == 1


def test_what_was_sent_is_not_made_due_again(store: Store, incident: UUID, clock: Clock) -> None:
    """A late failure of one sender does not undo the success of another."""
    store.emit(incident, "paged", {})
    (event,) = store.lease_events("a")
    store.events_sent([event.event_id])
    store.events_failed([event.event_id], clock())
    store.events_sent([])

    assert store.pending_events() == 0


def test_two_senders_share_the_work(
    store: Store, incident: UUID, database: str, home: Path
) -> None:
    """Two processes drain the outbox: each event is sent by one of them."""
    for number in range(60):
        store.emit(incident, f"event {number}", {})
    sent = [
        event for result in in_processes(2, drain_outbox, database, str(home)) for event in result
    ]

    assert len(sent) == len(set(sent)) == 60
    assert store.pending_events() == 0


def test_an_event_needs_an_incident(store: Store) -> None:
    """Nothing can be announced of an incident that is not there."""
    with pytest.raises(IncidentNotFound):
        store.emit(uuid4(), "paged", {})


def test_a_storm_of_one_service_is_sent_in_turns_with_others(store: Store) -> None:
    """The urgent one first, then each service in turn; each incident's events keep their order."""

    def opened(service: str, severity: Severity, number: int = 0) -> UUID:
        alert = Alert(description="fails", service=service, dedup_key=f"{service} {number}")
        return store.open_or_attach(alert, IncidentType.SECURITY, severity).incident.incident_id

    storm = [opened("shop", Severity.P2, number) for number in range(60)]
    store.emit(storm[0], "paged", {})
    other, urgent = opened("till", Severity.P2), opened("bank", Severity.P1)
    events = store.lease_events("a", limit=4)

    assert [urgent, storm[0], other, storm[1]] == [event.incident_id for event in events]
    store.events_sent([event.event_id for event in events])
    rest = store.lease_events("a", limit=100)
    assert 59 == len(rest)
    assert ["paged"] == [event.event for event in rest if event.incident_id == storm[0]]
