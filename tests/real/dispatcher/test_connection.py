"""The dispatcher keeps its connection to Prefect, and gets over its loss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

from deployments.dispatcher.events_out import EventSender, EventsOut
from schemas.incident import Alert, IncidentType, Severity
from schemas.model import utc_now
from standins.keeping import Keeping
from standins.prefect.api import Prefect
from support import wait_until
from tasks.store import Store


class KeepingPrefect(Keeping, Prefect):
    """A Prefect that keeps connections, as the real one does."""


@pytest.fixture
def prefect() -> Iterator[KeepingPrefect]:
    """A Prefect that accepts events; this test's context points at it."""
    with KeepingPrefect() as standin, standin.used():
        yield standin
    assert [] == standin.violations


@pytest.fixture
def sender() -> Iterator[EventSender]:
    """A sender that has sent nothing."""
    with closing(EventSender()) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite."""
    opened = Store(f"sqlite:///{tmp_path}/aeef.db", tmp_path / "anchors", utc_now)
    yield opened
    opened.close()


@pytest.fixture
def dispatcher(store: Store) -> Iterator[EventsOut]:
    """A dispatcher that asks again after half a second."""
    with closing(EventsOut(store, "a")) as opened:
        yield opened


@pytest.fixture
def incident_id(store: Store) -> UUID:
    """An incident, whose own event is waiting."""
    alert = Alert(description="shop answers 500", service="shop")
    return store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2).incident.incident_id


def an_event() -> dict[str, Any]:
    """One that Prefect takes."""
    return {
        "id": str(uuid4()),
        "occurred": utc_now().isoformat(),
        "event": "aeef.incident.test",
        "resource": {"prefect.resource.id": "aeef.incident.test"},
    }


def events_asked(prefect: Prefect) -> int:
    """How often it was given events, whatever became of them."""
    return sum(request.path.endswith("/events") for request in prefect.requests)


def test_several_sends_use_one_connection(prefect: KeepingPrefect, sender: EventSender) -> None:
    """An alert's event does not wait for a handshake."""
    for _ in range(5):
        sender.send([an_event()])

    assert (5, 1) == (len(prefect.events), prefect.connections)


def test_after_it_was_closed_it_opens_another(prefect: KeepingPrefect, sender: EventSender) -> None:
    """Closing twice, or before anything was sent, is no mistake."""
    sender.close()
    for _ in range(2):
        sender.send([an_event()])
        sender.close()
        sender.close()

    assert (2, 2) == (len(prefect.events), prefect.connections)


def test_prefects_client_does_not_try_again_by_itself(
    prefect: KeepingPrefect, sender: EventSender
) -> None:
    """One try, and the error; what others do with Prefect's client is as it was."""
    usual = PREFECT_CLIENT_MAX_RETRIES.value()
    prefect.fail_with(503, path="/events")
    with pytest.raises(PrefectHTTPStatusError):
        sender.send([an_event()])
    asked = events_asked(prefect)
    prefect.drop_connection(path="/events")
    with pytest.raises(httpx.RemoteProtocolError):
        sender.send([an_event()])

    assert (1, 2) == (asked, events_asked(prefect))
    assert usual == PREFECT_CLIENT_MAX_RETRIES.value() > 0


@pytest.mark.parametrize("status", [408, 429, 502, 503])
def test_a_busy_prefect_does_not_hold_the_dispatcher(
    incident_id: UUID, prefect: KeepingPrefect, dispatcher: EventsOut, status: int
) -> None:
    """Whatever `Retry-After` says: the dispatcher has its own waits, and can stop."""
    headers = {"Retry-After": "3600", "Prefect-Maintenance": "true"}
    prefect.fail_with(status, headers=headers, path="/events")

    assert 0 == dispatcher.run()
    assert "does not take events" in str(dispatcher.problem)
    wait_until(lambda: dispatcher.run() == 1)
    assert 2 == events_asked(prefect)


def test_a_connection_that_was_idle_too_long_is_replaced(
    store: Store, incident_id: UUID, prefect: KeepingPrefect, dispatcher: EventsOut
) -> None:
    """Prefect closed it meanwhile: the next event is sent without an error."""
    sent = [dispatcher.run()]
    prefect.hang_up()
    store.emit(incident_id, "aeef.incident.test", {})
    sent.append(dispatcher.run())

    assert ([1, 1], None) == (sent, dispatcher.problem)
    assert (2, 2) == (len(prefect.events), prefect.connections)


@pytest.mark.parametrize("trouble", ["dropped", "failing"])
def test_the_run_after_a_broken_one_works(
    store: Store, incident_id: UUID, prefect: KeepingPrefect, dispatcher: EventsOut, trouble: str
) -> None:
    """On another connection, which is kept again."""
    first = dispatcher.run()
    if trouble == "dropped":
        prefect.drop_connection(path="/events")
    else:
        prefect.fail_with(500, path="/events")
    store.emit(incident_id, "aeef.incident.test", {})
    broken = dispatcher.run()
    wait_until(lambda: dispatcher.run() == 1)
    store.emit(incident_id, "aeef.incident.test", {})
    last = dispatcher.run()

    assert (1, 0, 1) == (first, broken, last)
    assert dispatcher.problem is None
    assert (3, 2) == (len(prefect.events), prefect.connections)


def test_a_refused_event_costs_no_event_its_place(
    store: Store, incident_id: UUID, prefect: KeepingPrefect, dispatcher: EventsOut
) -> None:
    """The others leave in order in the same run, whatever became of the connection."""
    ids = [uuid4() for _ in range(3)]
    for event_id in ids:
        store.emit(incident_id, "aeef.incident.test", {}, event_id=event_id)
    prefect.refuses = {str(ids[1])}

    assert 3 == dispatcher.run()
    assert [str(ids[0]), str(ids[2])] == [event["id"] for event in prefect.events][1:]
