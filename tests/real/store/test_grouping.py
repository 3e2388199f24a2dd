"""A storm is one incident: every alert is listed, none is swallowed, it ends when all are over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from fixtures.store import SENDER_DECIDES, Clock
from processes.store_workers import in_processes, storm_at_once
from schemas.incident import Alert, Grouping, Incident, IncidentType, Severity, Status, TypeSource
from tasks.store import Opened, Store

DEPLOYMENT, SECURITY = IncidentType.DEPLOYMENT_FAILURE, IncidentType.SECURITY
BY_TARGET = Grouping(target="shop")
HOUR = timedelta(hours=1)


def tell(
    store: Store,
    key: str,
    severity: Severity = Severity.P1,
    kind: IncidentType = DEPLOYMENT,
    grouping: Grouping = BY_TARGET,
    **alert: Any,
) -> Opened:
    """Send the alert with this key about the target `shop`, as Alertmanager's are."""
    said = {"description": f"alert {key}", "service": "shop", "source": "am", "dedup_key": key}
    known = {"names_one_occurrence": True, **said, **alert}
    source = TypeSource.NONE if kind is IncidentType.UNKNOWN else TypeSource.SENDER
    given = Alert.model_validate(known)
    return store.open_or_attach(given, kind, severity, grouping=grouping, source=source)


def over(store: Store, key: str, kind: IncidentType = DEPLOYMENT) -> Incident | None:
    """The alert's sender says that it is over: the incident that ended by that."""
    alert = Alert(description=f"alert {key}", dedup_key=key, source="am", names_one_occurrence=True)
    ended = store.end_alert(alert, kind, BY_TARGET, SENDER_DECIDES)
    return ended.incident if ended and ended.is_over else None


def told(store: Store, opened: Opened) -> list[str]:
    """The texts in the timeline."""
    return [entry.action for entry in store.timeline(opened.incident.incident_id)]


def test_a_storm_is_one_incident_with_every_alert_listed(store: Store) -> None:
    """Announced once; each alert has its entry and its line, the record only every tenth power."""
    opened = [tell(store, str(number)) for number in range(25)]
    tell(store, "3")
    lines = store.alerts(opened[0].incident.incident_id)

    assert [True] + [False] * 24 == [each.is_new for each in opened]
    assert 1 == len(store.incidents())
    assert 25 == len(lines)
    assert ("alert 3", 2, None) == (lines[0].said, lines[0].times, lines[0].over_at)
    texts = told(store, opened[0])
    assert 24 == sum(text.startswith("alert added, number ") for text in texts)
    assert "alert repeated: alert 3" == texts[-1]
    actions = store.incident(opened[0].incident.incident_id).actions_taken
    assert ["10 different alerts belong to this incident so far; the newest: alert 9"] == [
        each.action for each in actions[1:]
    ]
    assert ["aeef.incident.detected"] == [each.event for each in store.lease_events("test")]
    store.verify_audit()


def test_nothing_that_is_something_else_is_swallowed(store: Store) -> None:
    """Another type, another target, an alert without a group; a worse severity raises."""
    first = tell(store, "a", Severity.P3)
    other_type = tell(store, "b", kind=SECURITY)
    other_target = tell(store, "c", service="till", grouping=Grouping())
    alone = tell(store, "d", grouping=Grouping(by=()))
    worse = tell(store, "e", Severity.P1)

    assert [True] * 4 == [each.is_new for each in (first, other_type, other_target, alone)]
    assert (False, True, Severity.P1) == (
        worse.is_new, worse.severity_raised, worse.incident.severity
    )  # fmt: skip


def test_another_service_of_the_target_is_added(store: Store) -> None:
    """On record, and the messages have to say it."""
    tell(store, "a")
    other = tell(store, "b", service="web")

    assert (False, True) == (other.is_new, other.has_news)
    assert ["shop", "web"] == other.incident.affected_services
    assert not tell(store, "b", service="web").has_news


@pytest.mark.parametrize("kind", [DEPLOYMENT, IncidentType.DRIFT])
def test_a_new_alert_about_a_contained_incident_asks_for_a_look(
    store: Store, kind: IncidentType
) -> None:
    """It is not the old one repeated: whether the outage is a second one has to be seen."""
    first = tell(store, "a", kind=kind)
    store.set_status(first.incident.incident_id, Status.MITIGATED, actor="runbook")
    other = tell(store, "b", kind=kind)

    assert (False, 1) == (other.is_new, other.look)


def test_after_a_long_quiet_an_alert_opens_an_incident_of_its_own(
    store: Store, clock: Clock
) -> None:
    """Nobody may be at the old one any more; a repetition of its own alerts is no news."""
    first = tell(store, "a")
    clock.advance(HOUR)
    joined = tell(store, "b")
    clock.advance(timedelta(hours=2, minutes=1))
    later, repeated, next_ = tell(store, "c"), tell(store, "a"), tell(store, "d")

    assert first.incident.incident_id == joined.incident.incident_id
    assert later.is_new
    assert first.incident.incident_id == repeated.incident.incident_id
    assert later.incident.incident_id == next_.incident.incident_id


def test_it_is_over_when_all_its_alerts_are(store: Store) -> None:
    """The end of one of them is noted once, and ends nothing."""
    first = tell(store, "a")
    tell(store, "b")
    early = [over(store, "a"), over(store, "a"), over(store, "never seen")]
    status = store.incident(first.incident.incident_id).status
    ended = over(store, "b")

    assert [None] * 3 == early
    assert Status.OPEN == status
    assert (Status.RESOLVED, None) == (ended and ended.status, over(store, "b"))
    assert ["alert over: alert a; 1 of its alerts go on"] == [
        text for text in told(store, first) if text.startswith("alert over")
    ]
    assert "status: open → resolved (the alert is over)" == told(store, first)[-1]


def test_an_alert_that_nobody_ends_keeps_it_open(store: Store) -> None:
    """Of a sender that does not say when it is over."""
    first = tell(store, "a")
    tell(store, "b", source="api", names_one_occurrence=False)

    assert None is over(store, "a")
    assert Status.OPEN is store.incident(first.incident.incident_id).status


def test_an_alert_that_goes_on_after_its_end_counts_again(store: Store) -> None:
    """Unless its key names one occurrence: then the message is an old one."""
    tell(store, "a")
    for key, stale in (("b", True), ("c", False)):
        tell(store, key, names_one_occurrence=stale)
        over(store, key)
        tell(store, key, names_one_occurrence=stale)
    lines = {line.said: line.over_at is not None for line in store.alerts(_only(store))}

    assert {"alert a": False, "alert b": True, "alert c": False} == lines


def test_what_says_the_same_is_one_line(store: Store) -> None:
    """Fifteen occurrences of one alert."""
    for number in range(15):
        tell(store, f"occurrence {number}", description="shop answers 500")
    (line,) = store.alerts(_only(store))

    assert (15, "shop answers 500") == (line.times, line.said)
    assert "15 times" in line.line


def test_a_confirmed_type_is_grouped_as_such(store: Store) -> None:
    """What was unknown and is drift takes the drift alerts of its target."""
    first = tell(store, "a", kind=IncidentType.UNKNOWN)
    store.answer(first.incident.incident_id, IncidentType.DRIFT, actor="ada")

    assert not tell(store, "b", kind=IncidentType.DRIFT).is_new
    assert tell(store, "c", kind=IncidentType.UNKNOWN).is_new


def test_a_confirmed_type_whose_group_is_taken_stands_alone(store: Store) -> None:
    """Two incidents stay two, and alerts go to the one that was there before."""
    drift = tell(store, "a", kind=IncidentType.DRIFT)
    other = tell(store, "b", kind=IncidentType.UNKNOWN)
    store.answer(other.incident.incident_id, IncidentType.DRIFT, actor="ada")

    assert (
        drift.incident.incident_id == tell(store, "c", kind=IncidentType.DRIFT).incident.incident_id
    )


def test_fifty_different_alerts_at_once_are_one_incident(store: Store) -> None:
    """From threads, at the same moment."""
    with ThreadPoolExecutor(50) as threads:
        opened = list(threads.map(lambda number: tell(store, str(number)), range(50)))

    assert 1 == sum(each.is_new for each in opened)
    assert 50 == len(store.alerts(_only(store)))


def test_different_alerts_at_two_intakes_at_once_are_one_incident(
    store: Store, database: str, home: Any
) -> None:
    """From processes that share the database."""
    results = in_processes(4, storm_at_once, database, str(home), 10)
    opened = [one for result in results for one in result]

    assert 40 == len(opened)
    assert 1 == sum(is_new for _, is_new in opened)
    assert 40 == sum(line.times for line in store.alerts(_only(store)))
    store.verify_audit()


def _only(store: Store) -> str:
    (incident,) = store.incidents()
    return str(incident.incident_id)
