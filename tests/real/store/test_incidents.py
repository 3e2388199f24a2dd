"""An incident moves forward, and everything about it is on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.store import Clock
from schemas.errors import IncidentNotFound
from schemas.incident import Alert, IncidentType, PostMortem, Severity, Status
from schemas.model import utc_now
from schemas.validation import validate
from tasks.store import Store


def opened(store: Store, description: str = "shop answers 500", **alert: object) -> UUID:
    """The id of a new incident."""
    said = Alert.model_validate({"description": description, **alert})
    return store.open_or_attach(said, IncidentType.SECURITY, Severity.P2).incident.incident_id


def announced(store: Store) -> list[str]:
    """The events that wait to be sent."""
    return [event.event for event in store.lease_events("test")]


def test_an_action_is_on_record_once(store: Store) -> None:
    """A rerun with the same entry id appends nothing."""
    incident_id, entry_id = opened(store), uuid4()
    moment = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    done = [
        store.record_action(
            incident_id, "service isolated", entry_id=entry_id, timestamp=moment, actor="isolate"
        )
        for _ in range(2)
    ]
    (action,) = store.incident(incident_id).actions_taken[1:]
    (entry,) = store.timeline(incident_id)[1:]

    assert done == [True, False]
    assert (action.action, action.actor, action.automated, action.timestamp) == (
        "service isolated",
        "isolate",
        True,
        moment,
    )
    assert (entry.entry_id, entry.action, entry.timestamp) == (entry_id, action.action, moment)


def test_a_note_is_in_the_timeline_only(store: Store) -> None:
    """What is no action of the response is not in the record."""
    incident_id = opened(store)
    store.record_action(incident_id, "looked again", in_record=False)

    assert len(store.incident(incident_id).actions_taken) == 1
    assert store.timeline(incident_id)[-1].action == "looked again"


def test_the_status_moves_forward_only(store: Store) -> None:
    """An earlier or the same status changes nothing and announces nothing."""
    incident_id = opened(store)
    mitigated = store.set_status(incident_id, Status.MITIGATED, actor="rollback", reason="v41 runs")
    same = store.set_status(incident_id, Status.MITIGATED, actor="rollback")
    back = store.set_status(incident_id, Status.OPEN, actor="ann")

    assert mitigated.status is Status.MITIGATED
    assert mitigated == same == back == store.incident(incident_id)
    assert mitigated.actions_taken[-1].action == "status: open → mitigated (v41 runs)"
    assert announced(store) == ["aeef.incident.detected", "aeef.incident.mitigated"]


def test_the_end_has_a_time(store: Store, clock: Clock) -> None:
    """Resolved at the first moment that it is over; closing later does not move it."""
    incident_id = opened(store)
    resolved = store.set_status(incident_id, Status.RESOLVED, actor="ann")
    clock.advance(timedelta(days=1))
    closed = store.set_status(incident_id, Status.CLOSED, actor="ann")
    directly = store.set_status(opened(store, "other"), Status.CLOSED, actor="ann")

    assert resolved.resolved_at is not None
    assert closed.resolved_at == resolved.resolved_at
    assert directly.resolved_at is not None


def test_acknowledging_happens_once(store: Store) -> None:
    """Pressed twice, it is one acknowledgement; the escalation stops at the first."""
    incident_id = opened(store)
    first = store.acknowledge(incident_id, actor="ann")
    second = store.acknowledge(incident_id, actor="bob")

    assert first.status is Status.INVESTIGATING
    assert second == first
    assert first.actions_taken[-1].model_dump(include={"action", "actor", "automated"}) == {
        "action": "acknowledged; status: open → investigating",
        "actor": "ann",
        "automated": False,
    }
    assert announced(store)[1:] == ["aeef.incident.acknowledged"]


def test_a_mitigated_incident_can_be_acknowledged(store: Store) -> None:
    """Automation was quicker than the person: the status stays, the escalation stops."""
    incident_id = opened(store)
    store.set_status(incident_id, Status.MITIGATED, actor="rollback")
    after = store.acknowledge(incident_id, actor="ann")

    assert after.status is Status.MITIGATED
    assert after.actions_taken[-1].action == "acknowledged"
    assert announced(store)[-1] == "aeef.incident.acknowledged"


def test_what_is_over_is_not_acknowledged(store: Store) -> None:
    """There is nothing left to be on."""
    incident_id = opened(store)
    resolved = store.set_status(incident_id, Status.RESOLVED, actor="ann")

    assert store.acknowledge(incident_id, actor="bob") == resolved


def test_findings_are_added_and_audited(store: Store) -> None:
    """Root cause, post-mortem and services come into the record, each time with an entry."""
    incident_id = opened(store, service="shop")
    learned = PostMortem(timeline="12:00 alert", action_items=["add a test"])
    after = store.update(
        incident_id,
        actor="ann",
        root_cause="a missing index",
        post_mortem=learned,
        add_services=["cart", "shop", "cart"],
    )
    again = store.update(incident_id, actor="ann", root_cause="a missing index")

    assert (after.root_cause, after.post_mortem, after.affected_services) == (
        "a missing index",
        learned,
        ["shop", "cart"],
    )
    assert after.actions_taken[-1].action == (
        "root cause recorded; post-mortem recorded; affected services added: cart"
    )
    assert again == after == store.incident(incident_id)


def test_an_incident_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    """Eight characters are enough, in any case, with dashes or without."""
    incident_id = opened(store)
    whole = str(incident_id)
    parts = [whole, whole.upper(), incident_id.hex, whole[:8], whole[:15], whole[:-1]]

    assert {store.incident(part).incident_id for part in parts} == {incident_id}


def test_each_incident_has_a_short_number(store: Store) -> None:
    """It grows with each, leads to its incident, and stands in its title, not in the record."""
    ids = [opened(store, f"trouble {number}") for number in range(3)]
    numbers = [store.incident(each).number for each in ids]

    assert numbers == [1, 2, 3]
    for incident_id, number in zip(ids, numbers, strict=True):
        for text in (f"{number}", f"#{number}", f" {number} ", f"00{number}"):
            assert store.incident(text).incident_id == incident_id
    assert store.incident(ids[1]).title.endswith(" #2")
    assert "number" not in store.incident(ids[1]).to_json()


def test_opened_at_once_they_have_numbers_of_their_own(store: Store) -> None:
    """Whoever opens one waits for the head of the audit chain."""
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: opened(store, f"trouble {number}"), range(24)))

    assert {store.incident(each).number for each in ids} == set(range(1, 25))


def test_a_number_goes_before_an_id(store: Store) -> None:
    """Few digits are a number only: a slip must not take another incident."""
    id_of_digits = UUID("00000001-0000-4000-8000-000000000001")
    store.open_with_id(id_of_digits, Alert(description="x"), IncidentType.SECURITY, Severity.P2)
    second = UUID("00000002-0000-4000-8000-000000000001")
    alert = Alert(description="y", dedup_key="y")
    store.open_with_id(second, alert, IncidentType.SECURITY, Severity.P2)
    third = UUID("00000009-0000-4000-8000-000000000001")
    alert = Alert(description="z", dedup_key="z")
    store.open_with_id(third, alert, IncidentType.SECURITY, Severity.P2)

    assert store.incident("00000002").number == 2
    assert store.incident("00000009").number == 3  # no incident has the number 9
    with pytest.raises(IncidentNotFound, match="no incident with the number 4"):
        store.incident("4")


def test_what_was_shown_before_there_were_numbers_is_refused(store: Store) -> None:
    """The last characters of an id could be another incident's first ones."""
    last = str(opened(store))[-4:].replace("0", "a").replace("1", "a")

    with pytest.raises(IncidentNotFound, match=r"give its number .1284, as in #1284."):
        store.incident(f"a{last}"[:4])


def test_an_ambiguous_or_unknown_id_is_not_found(store: Store) -> None:
    """The error repeats what was asked, and lists what it could mean."""
    alert = Alert(description="x", dedup_key="1")
    other = Alert(description="x", dedup_key="2")
    one = UUID("aaaaaaaa-0000-4000-8000-000000000001")
    two = UUID("aaaaaaaa-0000-4000-8000-000000000002")
    store.open_with_id(one, alert, IncidentType.SECURITY, Severity.P2)
    store.open_with_id(two, other, IncidentType.SECURITY, Severity.P2)

    with pytest.raises(IncidentNotFound, match=f"{one}, {two}"):
        store.incident("aaaaaaaa")
    for unknown in ("beefbeef", "abc", "", "#", "9" * 12, "%%%%", "aaaa' OR 1=1", str(uuid4())):
        with pytest.raises(IncidentNotFound, match=unknown or "''"):
            store.incident(unknown)


def test_incidents_are_listed_newest_first(store: Store) -> None:
    """By status, open only, limited, and page by page."""
    ids = [opened(store, f"trouble {number}") for number in range(5)]
    store.set_status(ids[0], Status.RESOLVED, actor="ann")
    store.set_status(ids[1], Status.MITIGATED, actor="ann")

    def listed(
        *,
        status: Status | None = None,
        open_only: bool = False,
        limit: int = 100,
        before: UUID | None = None,
    ) -> list[UUID]:
        found = store.incidents(status=status, open_only=open_only, limit=limit, before=before)
        return [incident.incident_id for incident in found]

    assert listed() == ids[::-1]
    assert listed(limit=2) == [ids[4], ids[3]]
    assert listed(limit=2, before=ids[3]) == [ids[2], ids[1]]
    assert listed(open_only=True) == ids[:0:-1]
    assert listed(status=Status.MITIGATED) == [ids[1]]
    assert store.counts() == {
        (IncidentType.SECURITY, Severity.P2, Status.OPEN): 3,
        (IncidentType.SECURITY, Severity.P2, Status.MITIGATED): 1,
        (IncidentType.SECURITY, Severity.P2, Status.RESOLVED): 1,
    }


def test_the_opening_alert_is_kept(store: Store) -> None:
    """What the sender said stays available, with every label and detail."""
    alert = Alert(
        description="x",
        service="shop",
        source="github",
        dedup_key="delivery",
        labels={"a": "b"},
        details={"deep": [{"x": None}, 1.5, True]},
        names_one_occurrence=True,
    )
    result = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)

    assert store.alert(result.incident.incident_id) == alert


ANY_TEXT = st.text(st.characters(codec=None), max_size=50)
ALERTS = st.builds(
    Alert,
    description=st.text(min_size=1, max_size=200).filter(str.strip),
    service=st.none() | st.text(min_size=1, max_size=50).filter(str.strip),
    source=st.text(min_size=1, max_size=50).filter(str.strip),
    # far enough from the ends of the calendar that every zone's moment exists in UTC
    detected_at=st.datetimes(timezones=st.timezones()).filter(lambda at: 1 < at.year < 9999),
    labels=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=3),
    details=st.dictionaries(
        ANY_TEXT,
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3)
            ),
            max_leaves=5,
        ),
        max_size=3,
    ),
)


@pytest.mark.proves("SPEC-RECORD-schema")
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    alert=ALERTS, text=ANY_TEXT, kind=st.sampled_from(IncidentType), level=st.sampled_from(Severity)
)
def test_every_record_fits_the_schema(
    store: Store, alert: Alert, text: str, kind: IncidentType, level: Severity
) -> None:
    """Whatever is reported, the exported record is valid, and the audit log verifies."""
    incident_id = store.open_or_attach(alert, kind, level).incident.incident_id
    store.record_action(incident_id, text, actor=text)
    store.update(incident_id, actor=text, root_cause=text, post_mortem=PostMortem(timeline=text))
    store.acknowledge(incident_id, actor=text)
    ended = store.set_status(incident_id, Status.RESOLVED, actor=text, reason=text)

    validate("incident", ended.to_json())
    assert store.incident(incident_id) == ended
    assert store.alert(incident_id).detected_at == ended.detected_at <= utc_now()
    store.verify_audit()
