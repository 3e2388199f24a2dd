"""One problem is one incident, however often and from wherever it is reported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from fixtures.store import Clock
from processes.store_workers import alerts_at_once, in_processes
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.model import utc_now
from tasks.store import Opened, Store

DEPLOYMENT = IncidentType.DEPLOYMENT_FAILURE


def tell(store: Store, severity: Severity = Severity.P3, **alert: object) -> Opened:
    """Send an alert about the service `shop`."""
    said = {"description": "shop answers 500", "service": "shop", "source": "prometheus", **alert}
    return store.open_or_attach(Alert.model_validate(said), DEPLOYMENT, severity)


def actions(store: Store, incident_id: UUID) -> list[str]:
    """The texts in the record."""
    return [action.action for action in store.incident(incident_id).actions_taken]


def told(store: Store, incident_id: UUID) -> list[str]:
    """The texts in the timeline."""
    return [entry.action for entry in store.timeline(incident_id)]


def announced(store: Store) -> list[str]:
    """The events that wait to be sent."""
    return [event.event for event in store.lease_events("test")]


@pytest.mark.proves("SPEC-TRIAGE-record")
def test_a_new_alert_opens_an_incident_on_record(store: Store) -> None:
    """The first alert opens an incident with its first action, and announces it."""
    before = utc_now().replace(microsecond=0) - timedelta(days=2)
    given = before.astimezone(timezone(timedelta(hours=2)))
    opened = tell(store, Severity.P2, detected_at=given.isoformat())
    incident = store.incident(opened.incident.incident_id)
    (event,) = store.lease_events("test")

    assert opened == Opened(incident, is_new=True, severity_raised=False)
    assert incident.to_json() == {
        "incidentId": str(incident.incident_id),
        "severity": "P2",
        "type": "deployment-failure",
        "description": "shop answers 500",
        "detectedAt": before.isoformat().replace("+00:00", "Z"),
        "status": "open",
        "affectedServices": ["shop"],
        "actionsTaken": [
            {
                "timestamp": incident.to_json()["actionsTaken"][0]["timestamp"],
                "action": "incident opened from prometheus",
                "automated": True,
                "actor": "prometheus",
            }
        ],
    }
    assert told(store, incident.incident_id) == ["incident opened from prometheus"]
    assert event.event == "aeef.incident.detected"
    assert event.payload == {
        "incidentId": str(incident.incident_id),
        "type": "deployment-failure",
        "severity": "P2",
        "service": "shop",
        "sender": "prometheus",
        "occurrence": 1,
        "auditSeq": 1,
        "auditHead": store.audit_head()[1],
    }


def test_a_repeated_alert_attaches(store: Store) -> None:
    """A repetition shows in the timeline, not in the record, and announces nothing."""
    first = tell(store)
    again = tell(store, description="shop still answers 500")

    assert again == Opened(first.incident, is_new=False, severity_raised=False)
    assert actions(store, first.incident.incident_id) == ["incident opened from prometheus"]
    assert told(store, first.incident.incident_id)[1:] == ["alert repeated: shop still answers 500"]
    assert announced(store) == ["aeef.incident.detected"]


def test_a_worse_alert_raises_the_severity(store: Store) -> None:
    """The runbook for the higher severity must run: the incident is announced again."""
    first = tell(store, Severity.P3)
    worse = tell(store, Severity.P1)

    assert (worse.is_new, worse.severity_raised) == (False, True)
    assert store.incident(first.incident.incident_id).severity is Severity.P1
    assert actions(store, first.incident.incident_id)[-1] == "severity raised P3 → P1"
    assert announced(store) == ["aeef.incident.detected"] * 2


def test_severity_never_falls(store: Store) -> None:
    """A milder repetition does not play the incident down."""
    first = tell(store, Severity.P1)
    milder = tell(store, Severity.P4)

    assert not milder.severity_raised
    assert store.incident(first.incident.incident_id).severity is Severity.P1


def test_another_service_is_added(store: Store) -> None:
    """The same trouble on a second service is one incident that affects both."""
    tell(store, dedup_key="db down")
    second = tell(store, dedup_key="db down", service="cart")
    third = tell(store, dedup_key="db down", service="cart")

    assert second.incident.affected_services == ["shop", "cart"]
    assert third.incident == second.incident
    assert actions(store, second.incident.incident_id)[-1] == "affected service added: cart"


def test_long_after_it_is_resolved_the_same_trouble_is_a_new_incident(
    store: Store, clock: Clock
) -> None:
    """What comes back within an hour may be a relapse; later it is a new incident."""
    first = tell(store)
    store.set_status(first.incident.incident_id, Status.RESOLVED, actor="ann")
    clock.advance(timedelta(hours=1, seconds=1))
    second = tell(store)

    assert second.is_new
    assert second.incident.incident_id != first.incident.incident_id


def test_an_occurrence_stays_one_incident_after_it_was_resolved(store: Store) -> None:
    """A late repetition of the very same occurrence does not open a new incident."""
    first = tell(store, dedup_key="delivery 7", names_one_occurrence=True)
    store.set_status(first.incident.incident_id, Status.RESOLVED, actor="ann")
    late = tell(store, Severity.P1, dedup_key="delivery 7", names_one_occurrence=True)

    assert (late.is_new, late.severity_raised) == (False, False)
    assert late.incident == store.incident(first.incident.incident_id)
    assert late.incident.severity is Severity.P3
    assert told(store, first.incident.incident_id)[-1] == "alert repeated: shop answers 500"


def test_an_occurrence_attaches_to_the_newest(store: Store) -> None:
    """With several past incidents of one key, the newest is meant; an open one before all."""
    ids = []
    for _ in range(3):
        incident_id = tell(store, dedup_key="k").incident.incident_id
        store.set_status(incident_id, Status.CLOSED, actor="ann")
        ids.append(incident_id)
    late = tell(store, dedup_key="k", names_one_occurrence=True)
    reopened = tell(store, dedup_key="k")
    later = tell(store, dedup_key="k", names_one_occurrence=True)

    assert late.incident.incident_id == ids[-1]
    assert reopened.is_new
    assert later.incident.incident_id == reopened.incident.incident_id


def test_fifty_identical_alerts_from_threads_are_one_incident(store: Store) -> None:
    """Fifty threads at once make one incident, announced once."""
    with ThreadPoolExecutor(50) as threads:
        opened = list(threads.map(lambda _: tell(store), range(50)))

    assert sum(one.is_new for one in opened) == 1
    assert len({one.incident.incident_id for one in opened}) == 1
    assert len(store.incidents()) == 1
    assert len(store.timeline(opened[0].incident.incident_id)) == 50
    assert announced(store) == ["aeef.incident.detected"]
    assert store.verify_audit().entries == 50


def test_fifty_identical_alerts_from_processes_are_one_incident(
    store: Store, database: str, home: Path
) -> None:
    """Five processes of ten threads each make one incident, and one unbroken audit chain."""
    results = in_processes(5, alerts_at_once, database, str(home), 10)
    opened = [one for result in results for one in result]

    assert len(opened) == 50
    assert sum(is_new for _, is_new in opened) == 1
    assert {incident_id for incident_id, _ in opened} == {
        str(incident.incident_id) for incident in store.incidents()
    }
    entries, _, anchors = store.verify_audit()[:3]
    # One may write the anchor of another that has not come to it yet: then it is there twice.
    assert entries == 50 <= anchors


def test_a_foreign_event_gets_its_record_once(store: Store) -> None:
    """An event that someone else emitted opens the record with its id, and announces nothing."""
    incident_id = uuid4()
    alert = Alert(description="nightly check failed", service="shop")
    first = store.open_with_id(incident_id, alert, DEPLOYMENT, Severity.P2)
    again = store.open_with_id(incident_id, alert, DEPLOYMENT, Severity.P1)

    assert first.is_new
    assert first.incident.incident_id == incident_id
    assert again == Opened(first.incident, is_new=False, severity_raised=False)
    assert store.pending_events() == 0


def test_a_foreign_event_about_a_known_trouble_keeps_its_id(store: Store) -> None:
    """Its sender knows it by its id; the audit log has the id of the open incident."""
    known = tell(store)
    foreign = store.open_with_id(
        uuid4(), Alert(description="x", service="shop"), DEPLOYMENT, Severity.P2
    )

    assert foreign.is_new
    (entry,) = store.timeline(foreign.incident.incident_id)
    assert entry.details["sameTroubleAs"] == str(known.incident.incident_id)
    assert tell(store).incident.incident_id == known.incident.incident_id


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "'; DROP TABLE aeef_incidents; --",
        "😀\u202e\u0085 ﷽",
        "%s %(x)s :name ?",
        "\\u0000",
    ],
)
def test_any_text_can_be_told(store: Store, text: str) -> None:
    """NUL, quotes and rare characters neither fail nor change anything else."""
    opened = tell(store, description=text, dedup_key=text, details={text: text}, labels={text: "x"})
    tell(store, description=text, dedup_key=text)
    store.record_action(opened.incident.incident_id, text, actor=text)
    kept = text.replace("\x00", "\ufffd")

    assert len(store.incidents()) == 1
    assert store.incident(opened.incident.incident_id).description == kept
    assert actions(store, opened.incident.incident_id)[-1] == kept
    assert store.alert(opened.incident.incident_id).details == {kept: kept}
    store.verify_audit()


def test_half_a_surrogate_pair_is_replaced(store: Store) -> None:
    """A text that is not Unicode is kept as far as it is."""
    opened = tell(store, details={"log": "a\ud800b \ud83d\ude00"}, labels={"x": "\udfff"})
    store.record_action(opened.incident.incident_id, "said \ud800", actor="a\udc00")

    assert store.alert(opened.incident.incident_id).details == {"log": "a\ufffdb 😀"}
    assert actions(store, opened.incident.incident_id)[-1] == "said \ufffd"
    store.verify_audit()


def test_numbers_that_json_lacks_are_kept_as_text(store: Store) -> None:
    """NaN and infinity do not make a record that nobody can read."""
    opened = tell(store, details={"ratio": [float("nan"), float("-inf"), 1.5, 2**80]})

    assert store.alert(opened.incident.incident_id).details == {
        "ratio": ["nan", "-inf", 1.5, 2**80]
    }


def test_the_longest_dedup_key_works(store: Store) -> None:
    """A thousand characters of four bytes each exceed PostgreSQL's index pages; not ours."""
    key = "".join(chr(0x20000 + number * 37) for number in range(1000))

    assert tell(store, dedup_key=key).is_new
    assert not tell(store, dedup_key=key).is_new
