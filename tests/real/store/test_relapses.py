"""A second outage is a second occurrence of the same incident, however many alerts report it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from fixtures.store import Clock
from older_store import back_to_before
from schemas.incident import Alert, Incident, IncidentType, Look, Severity, Status, Verdict
from schemas.model import utc_now
from tasks.store import AskedLook, Opened, Store
from tasks.store.claim_keys import page_key

HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=1)
OUTAGE = IncidentType.DEPLOYMENT_FAILURE


def send(
    store: Store, severity: Severity = Severity.P2, *, type_: IncidentType = OUTAGE, **alert: object
) -> Opened:
    """Send an alert about the service `shop`."""
    said = {"description": "shop answers 500", "service": "shop", "source": "monitor", **alert}
    return store.open_or_attach(Alert.model_validate(said), type_, severity)


def ended(store: Store, status: Status = Status.MITIGATED) -> Incident:
    """An incident with this status; nothing waits to be sent."""
    incident = send(store).incident
    store.acknowledge(incident.incident_id, actor="ada")
    store.set_status(incident.incident_id, status, actor="runbook")
    events(store)
    return store.incident(incident.incident_id)


def look(verdict: Verdict, seen: str = "shop: HTTP 500") -> Look:
    """What was seen just now."""
    return Look(verdict=verdict, seen=seen, at=utc_now())


def settle(store: Store, verdict: Verdict) -> list[AskedLook]:
    """Make every look that is due; which they were."""
    due = store.lease_looks(lease=LEASE)
    for asked in due:
        store.settle_look(asked, look(verdict))
    return due


def events(store: Store) -> list[tuple[str, int]]:
    """The events that wait to be sent, taken out: name and occurrence."""
    found = store.lease_events("test", limit=500)
    store.events_sent([event.event_id for event in found])
    return [(event.event, event.payload["occurrence"]) for event in found]


def actions(store: Store, incident_id: UUID) -> list[str]:
    """The texts in the record."""
    return [action.action for action in store.incident(incident_id).actions_taken]


@pytest.mark.parametrize("status", [Status.MITIGATED, Status.RESOLVED])
def test_a_service_that_is_broken_again_opens_its_incident_again(
    store: Store, status: Status
) -> None:
    """Open, not yet taken by anybody, announced as a relapse, with a new occurrence on record."""
    before = ended(store, status)
    opened = send(store)
    asked = settle(store, Verdict.BROKEN)
    after = store.incident(before.incident_id)

    assert (False, 1) == (opened.is_new, opened.look)
    assert [AskedLook(before.incident_id, 1)] == asked
    assert (Status.OPEN, 2, None) == (after.status, after.occurrence, after.resolved_at)
    assert after.relapsed_at is not None
    assert after.actions_taken[-1].action.startswith("relapse, occurrence 2: the service is broken")
    assert f"status: {status} → open" in after.actions_taken[-1].action
    assert [("aeef.incident.relapsed", 2)] == events(store)
    store.acknowledge(after.incident_id, actor="bob")
    assert Status.INVESTIGATING is store.incident(after.incident_id).status
    last = store.look_state(after.incident_id).last
    assert last is not None
    assert (True, 2) == (last.is_relapse, last.occurrence)
    assert [1.0] == [value for _, value in store.tallies.all()["aeef_relapses"]]
    store.verify_audit()


def test_what_cannot_be_looked_at_is_a_relapse(store: Store) -> None:
    """Unknown is not well: somebody is paged."""
    incident_id = ended(store).incident_id
    send(store)
    settle(store, Verdict.UNKNOWN)

    assert Status.OPEN is store.incident(incident_id).status


def test_a_storm_makes_one_look_and_one_relapse(store: Store) -> None:
    """A hundred alerts at once, some of them while somebody looks."""
    incident_id = ended(store).incident_id
    with ThreadPoolExecutor(8) as senders:
        opened = list(senders.map(lambda _: send(store), range(50)))
        (asked,) = store.lease_looks(lease=LEASE)
        opened += senders.map(lambda _: send(store), range(50))
    none = store.lease_looks(lease=LEASE)
    store.settle_look(asked, look(Verdict.BROKEN))
    once_more = send(store)

    assert [incident_id] == list({each.incident.incident_id for each in opened})
    assert sorted(range(1, 101)) == sorted(each.look or 0 for each in opened)
    assert ([], None) == (none, once_more.look)
    assert [] == store.lease_looks(lease=LEASE)
    assert [("aeef.incident.relapsed", 2)] == events(store)
    assert 2 == store.incident(incident_id).occurrence


def test_a_service_that_is_well_is_said_to_be_once(store: Store, clock: Clock) -> None:
    """Alertmanager repeats an alert every few minutes: neither record nor log grows with it."""
    incident_id = ended(store).incident_id
    for _ in range(5):
        clock.advance(timedelta(minutes=5))
        send(store, names_one_occurrence=True)
        settle(store, Verdict.WELL)
    length = len(store.timeline(incident_id))
    clock.advance(timedelta(minutes=5))
    send(store, names_one_occurrence=True)
    settle(store, Verdict.WELL)
    told = [entry.action for entry in store.timeline(incident_id)]

    assert 1 == sum("the service is well now" in text for text in told)
    assert 1 == sum("alert repeated" in text for text in told)
    assert length == len(store.timeline(incident_id))
    assert Status.MITIGATED is store.incident(incident_id).status
    assert [] == events(store)
    for _ in range(2):
        send(store)
        settle(store, Verdict.WELL)
    told = [entry.action for entry in store.timeline(incident_id)]
    assert 3 == sum("the service is well now" in text for text in told)
    assert 1 == sum("the service is well now" in text for text in actions(store, incident_id))


def test_who_reports_during_a_look_that_finds_it_well_is_answered_by_another(store: Store) -> None:
    """The look may have been made before it broke."""
    incident_id = ended(store).incident_id
    send(store)
    (first,) = store.lease_looks(lease=LEASE)
    send(store)
    store.settle_look(first, look(Verdict.WELL))
    between = store.look_state(incident_id)
    settle(store, Verdict.BROKEN)

    assert (2, 1) == (between.asked, between.answered)
    assert 2 == store.incident(incident_id).occurrence


def test_a_look_whose_intake_died_is_made_by_another(store: Store, clock: Clock) -> None:
    """When its lease ends; and the one that was only slow changes nothing any more."""
    incident_id = ended(store).incident_id
    send(store)
    (died,) = store.lease_looks(lease=LEASE)
    meanwhile = store.lease_looks(lease=LEASE)
    waiting = store.looks_due()
    clock.advance(2 * LEASE)

    assert ([], 1) == (meanwhile, waiting)
    assert [died] == settle(store, Verdict.BROKEN)
    assert None is store.settle_look(died, look(Verdict.WELL))[1]
    assert (2, 0) == (store.incident(incident_id).occurrence, store.looks_due())


def test_the_same_delivery_again_asks_for_nothing(store: Store) -> None:
    """A webhook that is delivered twice is one report."""
    incident_id = ended(store).incident_id
    first, again = (send(store, delivery="d1").look for _ in range(2))

    assert (1, None) == (first, again)
    assert 1 == store.look_state(incident_id).asked


def test_after_its_time_or_when_closed_it_is_another_incident(store: Store, clock: Clock) -> None:
    """An hour after it was resolved, or at once when it is closed."""
    resolved = ended(store, Status.RESOLVED)
    clock.advance(HOUR + timedelta(seconds=1))
    second = send(store)
    store.set_status(second.incident.incident_id, Status.CLOSED, actor="ada")
    third = send(store)

    assert (True, None) == (second.is_new, second.look)
    assert (True, None) == (third.is_new, third.look)
    assert 3 == len({resolved.incident_id, second.incident.incident_id, third.incident.incident_id})


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_what_another_incident_pages_for_is_no_relapse(
    store: Store, clock: Clock, status: Status
) -> None:
    """Nobody could look for an hour, or it was closed: the next report opens another incident."""
    first = ended(store, Status.RESOLVED)
    send(store)
    (asked,) = store.lease_looks(lease=LEASE)
    store.set_status(first.incident_id, status, actor="ada")
    clock.advance(HOUR + LEASE)
    second = send(store)
    store.settle_look(asked, look(Verdict.BROKEN))

    assert second.is_new
    after = store.incident(first.incident_id)
    assert (status, 1) == (after.status, after.occurrence)
    assert "no relapse: " in store.timeline(first.incident_id)[-1].action


def test_a_relapse_has_the_worst_severity_that_was_reported(store: Store) -> None:
    """Of an incident that is over, an alert raises it only when it is true."""
    incident_id = ended(store, Status.RESOLVED).incident_id
    send(store, Severity.P1)
    between = store.incident(incident_id).severity
    send(store, Severity.P3)
    settle(store, Verdict.BROKEN)

    assert (Severity.P2, Severity.P1) == (between, store.incident(incident_id).severity)
    assert "severity raised P2 → P1" in actions(store, incident_id)[-1]


def test_what_is_missing_is_missing_for_the_present_occurrence(store: Store, clock: Clock) -> None:
    """The first page was sent; the second one is late from the relapse on, not from the first."""
    incident_id = ended(store).incident_id
    store.finish_claim(incident_id, "page:P2", "door", {})
    clock.advance(HOUR)
    send(store)
    settle(store, Verdict.BROKEN)

    def late() -> list[UUID]:
        found = store.open_incidents_missing_claim(
            "page:P2", older_than=timedelta(seconds=10), severity=Severity.P2
        )
        return [each.incident_id for each in found]

    assert [] == late()
    clock.advance(timedelta(minutes=1))
    assert [incident_id] == late()
    store.finish_claim(incident_id, page_key(store.incident(incident_id)), "door", {})
    assert [] == late()


def test_a_breach_that_is_reported_again_when_it_is_over_is_another(store: Store) -> None:
    """A healthy service may leak all the same: nothing is attached because of a health check."""
    first = send(store, type_=IncidentType.DATA_BREACH).incident
    store.set_status(first.incident_id, Status.RESOLVED, actor="ada")
    second = send(store, type_=IncidentType.DATA_BREACH)

    assert (True, None) == (second.is_new, second.look)


def test_an_impossible_beginning_is_now_and_on_record(store: Store) -> None:
    """The clocks start now; what the sender said is in the record and in the log."""
    opened = send(store, detected_at="2099-01-01T00:00:00Z").incident
    (entry,) = store.timeline(opened.incident_id)

    assert abs(utc_now() - opened.detected_at) < timedelta(minutes=1)
    assert opened.detected_at == store.alert(opened.incident_id).detected_at
    assert "taken as detected now: the sender said 2099-01-01" in opened.actions_taken[0].action
    assert "2099-01-01T00:00:00+00:00" == entry.details["detectedAtSaid"]


def test_the_incidents_of_an_earlier_version_are_at_their_first_occurrence(
    database: str, home: Path
) -> None:
    """A store without occurrences is migrated, and its mitigated incident may relapse."""
    home.mkdir(mode=0o700, exist_ok=True)
    before = Store(database, home / "audit.anchors")
    incident_id = ended(before).incident_id
    before.close()
    back_to_before(database, "0003")
    after = Store(database, home / "audit.anchors")
    first = after.incident(incident_id).occurrence
    send(after)
    settle(after, Verdict.BROKEN)

    assert (1, 2) == (first, after.incident(incident_id).occurrence)
    after.verify_audit()
    after.close()
