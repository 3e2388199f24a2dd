"""What comes and goes: one incident, all on record; paged for when it stays, or flaps too often."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from fixtures.store import SENDER_DECIDES, Clock
from schemas.incident import (
    Alert,
    Grouping,
    Incident,
    IncidentType,
    Look,
    Severity,
    Status,
    Verdict,
)
from tasks.store import Opened, Store
from tasks.store.grouping.stays import Settled

SECONDS = timedelta(seconds=10)
MINUTE = timedelta(minutes=1)
GROUPING = Grouping(target="shop", flapping_after=3)
_numbers = count()


class Monitor:
    """An alert that its sender raises and ends; a new key each time, as Alertmanager's have."""

    def __init__(self, store: Store, clock: Clock, kind: IncidentType) -> None:
        self.store = store
        self.clock = clock
        self.kind = kind
        self._alert = self._next()

    def _next(self) -> Alert:
        return Alert(
            description="shop answers 500",
            service="shop",
            source="am",
            dedup_key=f"occurrence {next(_numbers)}",
            names_one_occurrence=True,
        )

    def fire(self) -> Opened:
        """It is there."""
        self._alert = self._next()
        return self.store.open_or_attach(self._alert, self.kind, Severity.P1, grouping=GROUPING)

    def end(self, after: timedelta = SECONDS) -> bool:
        """It is over after this time; True when so is the incident. And some seconds pass."""
        self.clock.advance(after)
        ended = self.store.end_alert(self._alert, self.kind, GROUPING, SENDER_DECIDES)
        self.clock.advance(SECONDS)
        return ended is not None and ended.is_over

    def incident(self) -> Incident:
        """The only one."""
        (incident,) = self.store.incidents()
        return incident

    def settle(self) -> list[Settled]:
        """What is due."""
        return self.store.settle_flaps(GROUPING, SENDER_DECIDES)

    def look(self, verdict: Verdict) -> bool:
        """Look, as somebody asked for it; True when it is a relapse."""
        (asked,) = self.store.lease_looks(lease=MINUTE)
        seen = Look(verdict=verdict, seen="shop: HTTP 500", at=self.clock())
        _, looked = self.store.settle_look(asked, seen)
        return looked is not None and looked.is_relapse


@pytest.fixture
def drift(store: Store, clock: Clock) -> Monitor:
    """An alert about what no health check shows."""
    return Monitor(store, clock, IncidentType.DRIFT)


@pytest.fixture
def outage(store: Store, clock: Clock) -> Monitor:
    """An alert about what a health check shows."""
    return Monitor(store, clock, IncidentType.DEPLOYMENT_FAILURE)


def events(monitor: Monitor) -> list[str]:
    """What was announced since the last time."""
    found = monitor.store.lease_events("test", limit=500)
    monitor.store.events_sent([event.event_id for event in found])
    return [event.event.removeprefix("aeef.incident.") for event in found]


def actions(monitor: Monitor) -> list[str]:
    """The texts in the record."""
    return [action.action for action in monitor.incident().actions_taken]


def test_what_comes_back_soon_is_the_same_and_starts_nothing(drift: Monitor) -> None:
    """The same occurrence: no page, no runbook; on record when it came back."""
    first = drift.fire()
    assert drift.end()
    events(drift)
    again = drift.fire()

    assert first.incident.incident_id == again.incident.incident_id
    assert (False, None, False) == (again.is_new, again.look, again.flaps)
    assert (Status.OPEN, 1, None) == (
        drift.incident().status, drift.incident().occurrence, drift.incident().resolved_at
    )  # fmt: skip
    assert [] == events(drift)
    assert actions(drift)[-1].startswith("came back 10 s after its sender's all-clear, time 1")
    assert [] == drift.settle()


def test_what_stays_is_a_new_occurrence(drift: Monitor, clock: Clock) -> None:
    """It pages, and its runbook runs anew; once."""
    drift.fire()
    drift.end()
    drift.fire()
    events(drift)
    clock.advance(2 * MINUTE)
    (settled,) = drift.settle()

    assert (2, Status.OPEN) == (settled.incident.occurrence, settled.incident.status)
    assert "it came back once in 2 min and has stayed since" in str(settled.relapsed)
    assert ["relapsed"] == events(drift)
    assert [] == drift.settle()


def test_what_was_taken_stays_taken_while_it_comes_and_goes(drift: Monitor) -> None:
    """The person who has it need not take it again, unless it stays."""
    drift.fire()
    drift.store.acknowledge(drift.incident().incident_id, actor="ada")
    drift.end()
    drift.fire()

    assert Status.INVESTIGATING is drift.incident().status


def test_fifteen_flaps_are_one_incident_that_says_so_once(drift: Monitor, clock: Clock) -> None:
    """From the third time it stays open, and ends when it has been quiet."""
    ended, flaps = [], []
    for _ in range(16):
        flaps.append(drift.fire().flaps)
        ended.append(drift.end())

    assert [True] * 3 + [False] * 13 == ended
    assert [False] * 3 + [True] * 13 == flaps
    assert 1 == len(drift.store.incidents())
    assert 1 == drift.incident().occurrence
    assert [] == drift.settle()
    ((flapping, times),) = drift.store.flapping()
    assert (drift.incident(), "15 times in 5 min") == (flapping, times)
    assert 1 == sum(text.startswith("flapping: it came back") for text in actions(drift))
    assert 16 == sum(line.times for line in drift.store.alerts(flapping.incident_id))
    assert 1 == events(drift).count("detected")
    clock.advance(15 * MINUTE)
    (settled,) = drift.settle()

    assert (Status.RESOLVED, None) == (settled.incident.status, settled.relapsed)
    assert "(no alert of it for 15 min)" in actions(drift)[-1]
    assert ([], []) == (drift.settle(), drift.store.flapping())
    drift.store.verify_audit()


def test_what_flaps_and_then_stays_is_paged_for(drift: Monitor, clock: Clock) -> None:
    """Then it is an outage, and its runbook has to run."""
    for _ in range(5):
        drift.fire()
        drift.end()
    drift.fire()
    clock.advance(2 * MINUTE)
    (settled,) = drift.settle()

    assert 2 == settled.incident.occurrence
    assert "it came back 5 times in " in str(settled.relapsed)
    assert [] == drift.store.flapping()
    assert drift.end()


def test_a_look_that_finds_it_broken_does_not_wait(outage: Monitor) -> None:
    """That is stronger evidence: it relapses at once, until people know that it flaps."""
    outage.fire()
    occurrences = []
    for _ in range(3):
        outage.end()
        outage.fire()
        outage.look(Verdict.BROKEN)
        occurrences.append(outage.incident().occurrence)

    assert [2, 3, 3] == occurrences
    assert not outage.end()
    assert None is outage.fire().look
    assert [] == outage.settle()


@pytest.mark.parametrize("verdict", [Verdict.WELL, Verdict.UNKNOWN])
def test_a_look_that_does_not_find_it_broken_lets_it_wait(
    outage: Monitor, clock: Clock, verdict: Verdict
) -> None:
    """When it stays even so, it pages."""
    outage.fire()
    outage.end()
    outage.fire()

    assert not outage.look(verdict)
    assert 1 == outage.incident().occurrence
    clock.advance(2 * MINUTE)
    assert 2 == outage.settle()[0].incident.occurrence


def test_a_look_that_sees_nothing_does_not_open_what_ended_meanwhile(outage: Monitor) -> None:
    """Its sender asked for the look, and said after that that it is over."""
    outage.fire()
    outage.end()
    outage.fire()
    outage.end()

    assert not outage.look(Verdict.UNKNOWN)
    assert (Status.RESOLVED, 1) == (outage.incident().status, outage.incident().occurrence)


def test_what_was_contained_meanwhile_does_not_page(drift: Monitor, clock: Clock) -> None:
    """The runbook was at it; the next alert about it asks for a look."""
    drift.fire()
    drift.end()
    drift.fire()
    drift.store.set_status(drift.incident().incident_id, Status.MITIGATED, actor="runbook")
    clock.advance(2 * MINUTE)

    assert [] == drift.settle()


def test_later_or_after_a_person_s_word_it_is_a_new_incident(drift: Monitor, clock: Clock) -> None:
    """Whoever said that it is over did not say that it flaps."""
    drift.fire()
    drift.end()
    clock.advance(15 * MINUTE)
    second = drift.fire()
    store = drift.store
    store.set_status(second.incident.incident_id, Status.RESOLVED, actor="ada", automated=False)
    third = drift.fire()

    assert [True, True] == [second.is_new, third.is_new]


def test_a_finding_that_is_reported_again_is_worked_on(store: Store, clock: Clock) -> None:
    """Its runbook has something to do: it does not wait to see whether it stays."""
    known: dict[str, Any] = {"service": "shop", "description": "CVE", "dedup_key": "1"}
    alert = Alert.model_validate({**known, "details": {"findings": {"x": 1}}})
    kind = IncidentType.DRIFT
    first = store.open_or_attach(alert, kind, Severity.P1, grouping=GROUPING)
    store.end_alert(alert, kind, GROUPING, SENDER_DECIDES)
    clock.advance(MINUTE)
    again = store.open_or_attach(alert, kind, Severity.P1, grouping=GROUPING)

    assert again.is_new
    assert first.incident.incident_id != again.incident.incident_id
