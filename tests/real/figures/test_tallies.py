"""What is counted for ever: once, with what it counts, by whoever counts at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from fixtures.store import Clock
from older_store import back_to_before
from schemas.figures import PAGES, Moment
from schemas.incident import Alert, Incident, IncidentType, Look, Severity, Status, Verdict
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from tasks.store import Store
from tasks.store.tallies import Count, time_taken

RANG = Count(PAGES, {"channel": "pagerduty", "outcome": "rang"})
OUTAGE = IncidentType.DEPLOYMENT_FAILURE
PAGED = "aeef_time_to_page_seconds"


def opened(store: Store, **labels: str) -> Incident:
    """An incident, detected now."""
    alert = Alert(description="shop: 500", service="shop", source="monitor", labels=labels)
    return store.open_or_attach(alert, OUTAGE, Severity.P1).incident


def pages(store: Store) -> dict[tuple[str, str], float]:
    """What was counted of pages, by channel and outcome."""
    sums = store.tallies.all().get(PAGES.name, [])
    return {(labels["channel"], labels["outcome"]): value for labels, value in sums}


def sorted_sums(sums: dict[str, list[tuple[dict[str, str], float]]]) -> list[str]:
    """In an order of their own."""
    return sorted(f"{name} {of} {value:.3f}" for name, rows in sums.items() for of, value in rows)


def test_it_is_counted_once_with_its_entry(store: Store) -> None:
    """A retry counts nothing; a name that nobody knows becomes no label of its own."""
    incident_id = opened(store).incident_id
    entry = uuid4()
    for _ in range(2):
        store.record_action(incident_id, "paged", entry_id=entry, counts=[RANG])
        store.emit(incident_id, "aeef.incident.paged", {}, event_id=entry, counts=[RANG])
    odd = Count(PAGES, {"channel": "carrier pigeon", "outcome": "rang"})
    store.record_action(incident_id, "paged", counts=[odd])

    assert {("pagerduty", "rang"): 2.0, ("other", "rang"): 1.0} == pages(store)


def test_nothing_is_lost_when_many_count(store: Store) -> None:
    """At the same time, the first one too."""
    ids = [opened(store).incident_id for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for of in ids * 5:
            pool.submit(store.record_action, of, "paged", counts=[RANG]).add_done_callback(
                lambda done: done.result()
            )

    assert {("pagerduty", "rang"): 20.0} == pages(store)


def test_how_long_it_took_is_counted(store: Store, clock: Clock) -> None:
    """Each occurrence once, into the smallest bucket that holds it; and all seconds."""
    incident = opened(store)
    clock.advance(timedelta(seconds=290))
    for _ in range(2):
        store.record_action(incident.incident_id, "paged", moment=Moment.PAGED)
    sums = store.tallies.all()
    [(labels, seconds)] = sums[f"{PAGED}_sum"]

    assert [({"le": "300.0", "severity": "P1", "type": OUTAGE.value}, 1.0)] == sums[PAGED]
    assert {"severity": "P1", "type": OUTAGE.value} == labels
    assert 290 <= seconds < 300


def test_what_was_taken_back_and_came_again_is_counted_once(store: Store, clock: Clock) -> None:
    """Of each occurrence the first time, as sums only grow; a relapse is another occurrence."""
    incident_id = opened(store).incident_id

    def over_and_back() -> None:
        clock.advance(timedelta(seconds=100))
        store.set_status(incident_id, Status.MITIGATED, actor="runbook")
        store.lifecycle.resolve(incident_id, Disposition.FIXED, cause="it", actor="ann")
        store.lifecycle.reopen(incident_id, actor="ann", reason="it was not")

    def counted() -> list[float]:
        sums = store.tallies.all()
        kinds = ("mitigate", "resolve")
        return [sum(n for _, n in sums[f"aeef_time_to_{kind}_seconds"]) for kind in kinds]

    over_and_back()
    over_and_back()
    assert [1.0, 1.0] == counted()
    store.set_status(incident_id, Status.MITIGATED, actor="runbook")
    store.relapse(incident_id, "broken again", actor="x")
    over_and_back()
    over_and_back()
    assert [2.0, 2.0] == counted()


def test_a_drill_is_not_counted(store: Store) -> None:
    """Neither its pages nor its times."""
    incident_id = opened(store, drill="true").incident_id
    store.record_action(incident_id, "paged", moment=Moment.PAGED, counts=[RANG])

    assert {} == store.tallies.all()


def test_what_is_on_record_counts_after_an_upgrade(
    store: Store, database: str, clock: Clock, tmp_path: Path
) -> None:
    """Times and relapses from before there were sums; of no drill."""
    incident_id, drill = opened(store).incident_id, opened(store, drill="true").incident_id
    clock.advance(timedelta(seconds=100))
    for each in (incident_id, drill):
        store.record_action(each, "paged", moment=Moment.PAGED)
        store.set_status(each, Status.MITIGATED, actor="runbook")
    opened(store)
    [asked] = store.lease_looks(lease=timedelta(minutes=1))
    store.settle_look(asked, Look(verdict=Verdict.BROKEN, seen="HTTP 500", at=utc_now()))
    counted = store.tallies.all()
    back_to_before(database, "0017")
    upgraded = Store(database, tmp_path / "anchors")
    try:
        assert sorted_sums(counted) == sorted_sums(upgraded.tallies.all())
        assert [({"severity": "P1", "type": OUTAGE.value}, 1.0)] == counted["aeef_relapses"]
        assert 1.0 == counted[PAGED][0][1]
    finally:
        upgraded.close()


@pytest.mark.parametrize("took", [timedelta(microseconds=-1), timedelta(days=40)])
def test_what_is_not_known_is_not_counted(store: Store, took: timedelta) -> None:
    """And what took longer than every bucket is counted all the same."""
    incident = opened(store)
    with store._database.engine.begin() as connection:  # noqa: SLF001 (there is no public way)
        time_taken(connection, incident, Moment.RESOLVED, took // timedelta(microseconds=1))
    found = store.tallies.all().get("aeef_time_to_resolve_seconds", [])

    assert ["+Inf"] * (took > timedelta()) == [labels["le"] for labels, _ in found]
