"""Events on their way to webhooks, on either database: none lost, none twice, in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from fixtures.store import Clock
from schemas.incident import Alert, IncidentType, Severity
from schemas.model import utc_now
from tasks.store import Store
from tasks.store.webhooks.delivery import Delivery

MINUTE = timedelta(minutes=1)
HEARD = {"status": ("aeef.incident.detected", "aeef.incident.paged")}


@pytest.fixture
def queued(store: Store) -> UUID:
    """An incident, of which two events are queued for one webhook."""
    store.webhooks.queue(HEARD)  # it is new: from now on
    return _open(store, "shop")


def _open(store: Store, service: str) -> UUID:
    alert = Alert(description=f"{service} answers 500", service=service)
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    store.emit(opened.incident.incident_id, "aeef.incident.paged", {})
    store.emit(opened.incident.incident_id, "aeef.incident.escalated", {})
    store.webhooks.queue(HEARD)
    return opened.incident.incident_id


def _lease(store: Store, limit: int = 20) -> list[Delivery]:
    return store.webhooks.lease("status", "test", limit, MINUTE)


def _names(found: list[Delivery]) -> list[str]:
    return [each.event.removeprefix("aeef.incident.") for each in found]


def test_what_is_wanted_is_queued_once(store: Store, queued: UUID) -> None:
    """However often it is looked for."""
    store.webhooks.queue(HEARD)
    found = _lease(store)

    assert ["detected", "paged"] == _names(found)
    assert {queued} == {each.incident_id for each in found}
    assert [] == _lease(store)
    for each in found:
        store.webhooks.delivered(each, utc_now())
    store.webhooks.queue(HEARD)
    (state,) = store.webhooks.states()
    assert (2, 0, 0) == (state.delivered, state.waiting, state.dead)


def test_what_comes_later_waits_for_what_came_first(store: Store, queued: UUID) -> None:
    """Of one incident; another one's is not held up."""
    _open(store, "till")
    first, *rest = _lease(store)
    store.webhooks.release(rest)
    store.webhooks.failed(first, "it answered 500", MINUTE)
    others = _lease(store)

    assert queued == first.incident_id
    assert ["detected", "paged"] == _names(others)
    assert queued not in {each.incident_id for each in others}


def test_it_is_due_again_after_its_wait(store: Store, queued: UUID, clock: Clock) -> None:
    """With the number of the try; what was only leased is not counted."""
    first, second = _lease(store)
    store.webhooks.release([second])
    store.webhooks.failed(first, "it answered 500", MINUTE)
    clock.advance(2 * MINUTE)
    again = _lease(store)

    assert [2, 1] == [each.attempts for each in again]
    assert queued == again[0].incident_id


def test_a_lease_of_who_died_ends(store: Store, queued: UUID, clock: Clock) -> None:
    """Then another takes it."""
    _lease(store)
    clock.advance(2 * MINUTE)

    assert {queued} == {each.incident_id for each in _lease(store)}


def test_who_is_dead_holds_up_nobody_and_comes_back_when_asked(store: Store, queued: UUID) -> None:
    """By event, by webhook, or all."""
    first, second = _lease(store)
    store.webhooks.release([second])
    store.webhooks.failed(first, "no\x00", None)
    later = _lease(store)
    assert ["paged"] == _names(later)
    store.webhooks.failed(later[0], "no", None)
    dead = store.webhooks.dead()

    assert [first.event_id, second.event_id] == [each.event_id for each in dead]
    assert "no\ufffd" == dead[0].error
    assert 0 == store.webhooks.retry(webhook="other")
    assert 1 == store.webhooks.retry(first.event_id)
    assert 1 == store.webhooks.retry()
    assert [1, 1] == [each.attempts for each in _lease(store)]
    assert queued == first.incident_id


def test_two_intakes_queue_and_send_nothing_twice(store: Store) -> None:
    """At the same time."""
    store.webhooks.queue(HEARD)
    for number in range(10):
        alert = Alert(description=str(number), service=f"s{number}")
        store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.webhooks.queue(HEARD), range(8)))
        leased = list(pool.map(lambda _: _lease(store, 3), range(12)))
    ids = [each.event_id for found in leased for each in found]

    assert len(ids) == len(set(ids)) == 10
