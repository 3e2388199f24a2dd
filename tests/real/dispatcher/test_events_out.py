"""Every event reaches Prefect, in order, however long Prefect was down."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deployments.dispatcher.events_out import BATCH, EventsOut
from fixtures.store import Clock
from schemas.incident import Alert, IncidentType, Severity
from standins.prefect.api import Prefect
from support import wait_until
from tasks.store import Store


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store on SQLite."""
    opened = Store(f"sqlite:///{tmp_path}/aeef.db", tmp_path / "anchors", clock)
    yield opened
    opened.close()


@pytest.fixture
def incident_id(store: Store) -> UUID:
    """An incident, whose own event is waiting."""
    alert = Alert(description="shop answers 500", service="shop")
    return store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2).incident.incident_id


def emit(store: Store, incident_id: UUID, count: int) -> list[str]:
    """Put so many events more into the outbox; their ids in order."""
    ids = [uuid4() for _ in range(count)]
    for event_id in ids:
        store.emit(incident_id, "aeef.incident.test", {}, event_id=event_id)
    return [str(event_id) for event_id in ids]


def arrived(prefect: Prefect) -> list[str]:
    """The ids of the events that Prefect has, as they came."""
    return [event["id"] for event in prefect.events]


def test_an_event_is_what_the_automations_match(
    store: Store, incident_id: UUID, prefect: Prefect
) -> None:
    """Resource, labels and payload; Prefect's own model accepts it."""
    assert 1 == EventsOut(store, "a").run()
    (event,) = prefect.events

    assert "aeef.incident.detected" == event["event"]
    assert {
        "prefect.resource.id": f"aeef.incident.{incident_id}",
        "prefect.resource.name": str(incident_id),
        "aeef.type": "security",
        "aeef.severity": "P2",
        "aeef.service": "shop",
        "aeef.occurrence": "1",
    } == event["resource"]
    assert str(incident_id) == event["payload"]["incidentId"]
    assert 0 == store.pending_events()


def test_a_missing_service_has_a_label_all_the_same(store: Store, prefect: Prefect) -> None:
    """An empty label would never match."""
    store.open_or_attach(Alert(description="x"), IncidentType.UNKNOWN, Severity.P2)
    EventsOut(store, "a").run()

    assert "unknown" == prefect.events[0]["resource"]["aeef.service"]


def test_more_than_a_batch_arrives_in_order(
    store: Store, incident_id: UUID, prefect: Prefect
) -> None:
    """Oldest first, all of them in one round."""
    ids = emit(store, incident_id, 2 * BATCH + 10)

    assert 1 + len(ids) == EventsOut(store, "a").run()
    assert ids == arrived(prefect)[1:]


@pytest.mark.parametrize("trouble", ["dropped", "failing", "forbidden"])
def test_events_are_kept_while_prefect_is_away_and_keep_their_order(
    store: Store, incident_id: UUID, prefect: Prefect, trouble: str
) -> None:
    """Also events emitted while Prefect is down; nothing is sent twice afterwards."""
    if trouble == "dropped":
        prefect.drop_connection(times=None, path="/events")
    else:
        prefect.fail_with(500 if trouble == "failing" else 401, times=None, path="/events")
    dispatcher = EventsOut(store, "a", longest_wait=0.02)
    ids = emit(store, incident_id, 3)
    assert 0 == dispatcher.run()
    assert dispatcher.problem is not None
    assert "does not take events" in dispatcher.problem
    ids += emit(store, incident_id, 3)
    prefect.recover()
    wait_until(lambda: dispatcher.run() == 7)

    assert ids == arrived(prefect)[1:]
    assert dispatcher.problem is None
    assert 0 == dispatcher.run()


def test_an_outage_is_said_once(
    store: Store, incident_id: UUID, prefect: Prefect, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of an outage is logged too, but not each attempt."""
    prefect.drop_connection(times=None, path="/events")
    dispatcher = EventsOut(store, "a")
    with caplog.at_level(logging.WARNING, "aeef.dispatch"):
        for _ in range(3):
            _again(dispatcher)
        prefect.recover()
        _again(dispatcher)

    assert [
        "Prefect does not take events (RemoteProtocolError); they are kept",
        "Prefect takes events again",
    ] == [record.getMessage() for record in caplog.records if record.name == "aeef.dispatch"]


def test_the_waits_grow_to_the_longest(store: Store, incident_id: UUID, prefect: Prefect) -> None:
    """A Prefect that is away is not asked with every alert."""
    prefect.fail_with(500, times=None, path="/events")
    dispatcher = EventsOut(store, "a", longest_wait=1.5)
    for wait in (0.5, 1.0, 1.5, 1.5):
        before = time.monotonic()
        _again(dispatcher)
        after = time.monotonic()
        assert before + wait <= dispatcher._next_try <= after + wait  # noqa: SLF001
    asked = len(prefect.requests)
    dispatcher._next_try += 60.0  # noqa: SLF001 - however long it took to come here
    dispatcher.run()

    assert asked == len(prefect.requests)


def _again(dispatcher: EventsOut) -> None:
    dispatcher._next_try = 0.0  # noqa: SLF001 - as if the wait were over
    dispatcher.run()


def test_a_refused_event_does_not_hold_up_the_others(
    store: Store, incident_id: UUID, prefect: Prefect, clock: Clock
) -> None:
    """It is sent again later; /health reports the problem."""
    ids = emit(store, incident_id, 5)
    prefect.refuses = {ids[2]}
    dispatcher = EventsOut(store, "a")
    sent = dispatcher.run()
    left = store.pending_events()
    prefect.refuses = set()
    clock.advance(timedelta(minutes=6))

    assert (5, 1) == (sent, left)
    assert ids[:2] + ids[3:] == arrived(prefect)[1:]
    assert 1 == dispatcher.run()
    assert ids[2] == arrived(prefect)[-1]


def test_two_dispatchers_never_send_the_same_event(
    store: Store, incident_id: UUID, prefect: Prefect
) -> None:
    """Whatever is leased to one is not sent by the other."""
    ids = emit(store, incident_id, 4 * BATCH)
    dispatchers = [EventsOut(store, name) for name in "abcd"]
    contexts = [copy_context() for _ in dispatchers]
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda c, d: c.run(d.run), contexts, dispatchers))

    assert 1 + len(ids) == sum(sent)
    assert sorted(ids) == sorted(set(arrived(prefect)) & set(ids))
    assert len(prefect.events) == len(set(arrived(prefect)))


def test_a_dispatcher_that_died_with_events_in_hand_is_replaced(
    store: Store, incident_id: UUID, prefect: Prefect, clock: Clock
) -> None:
    """Its lease ends, and another sends them."""
    store.lease_events("died", limit=BATCH)
    dispatcher = EventsOut(store, "b")
    at_once = dispatcher.run()
    clock.advance(timedelta(seconds=31))

    assert (0, 1) == (at_once, dispatcher.run())
    assert 1 == len(prefect.events)
