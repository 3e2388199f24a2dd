"""A review is owed by what the incident was at its worst, unless it never was that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fixtures.cli import Aeef
from fixtures.store import Clock
from real.review.test_reviews import ANN
from schemas.errors import NotPossibleNow
from schemas.incident import REVIEW_BEGUN, Alert, Incident, IncidentType, Severity, Status
from schemas.lifecycle import Disposition
from schemas.review import Form
from schemas.settings import load_settings
from tasks.store import Store, open_store
from tasks.store.lifecycle.owed_review import CORRECTED_WITHIN

P1, P2, P3 = Severity.P1, Severity.P2, Severity.P3


def opened(store: Store, severity: Severity = P1, service: str = "shop") -> Incident:
    """One that goes on."""
    alert = Alert(description="x", service=service)
    return store.open_or_attach(alert, IncidentType.DEPLOYMENT_FAILURE, severity).incident


def lowered(store: Store, of: Incident, severity: Severity = P3, *, mistaken: bool = False) -> str:
    """What the record says when people make less of it."""
    changed = store.lifecycle.set_severity(
        of.incident_id, severity, actor=ANN, reason="one shop", mistaken=mistaken
    )
    return changed.incident.actions_taken[-1].action


def over(store: Store, of: Incident) -> None:
    """It ends."""
    store.lifecycle.resolve(of.incident_id, Disposition.FIXED, cause="a bug", actor=ANN)


def closes(store: Store, of: Incident) -> bool:
    """Whether it can be closed without a review."""
    try:
        return store.lifecycle.close(of.incident_id, actor=ANN).incident.status is Status.CLOSED
    except NotPossibleNow:
        return False


def test_what_was_a_p1_for_an_hour_is_reviewed_as_one(store: Store, clock: Clock) -> None:
    """Also when it went down by steps; it begins by itself, and its flow hears of it."""
    incident = opened(store)
    clock.advance(timedelta(hours=1))
    said = [lowered(store, incident, each) for each in (P2, P3)]
    over(store, incident)
    [lacking] = store.reviews.lacking(clock())
    closed = closes(store, incident)
    begun = store.reviews.begin(incident.incident_id, clock() + timedelta(days=3))
    events = [each.event for each in store.lease_events("test")]

    assert ["one shop; its review is that of a P1"] * 2 == [s.partition(": ")[2] for s in said]
    assert incident.incident_id == lacking.incident_id
    assert not closed
    assert Form.FULL is begun.review.form
    assert REVIEW_BEGUN in events
    store.verify_audit()


def test_what_was_contained_within_minutes_was_that_bad(store: Store) -> None:
    """A rollback takes seconds: whoever makes less of it then corrects nobody."""
    incident = opened(store)
    store.set_status(incident.incident_id, Status.MITIGATED, actor="runbook")

    assert lowered(store, incident, P3).endswith("; its review is that of a P1")
    over(store, incident)
    assert not closes(store, incident)


@pytest.mark.parametrize("first_severity", [P1, P3])
def test_what_was_corrected_within_minutes_needs_none(
    store: Store, clock: Clock, first_severity: Severity
) -> None:
    """The sender was wrong, or somebody who raised it."""
    incident = opened(store, first_severity)
    store.lifecycle.set_severity(incident.incident_id, P1, actor=ANN, reason="x")
    clock.advance(CORRECTED_WITHIN - timedelta(minutes=1))
    said = lowered(store, incident)
    over(store, incident)

    assert said.endswith("one shop")
    assert [] == store.reviews.lacking(clock())
    assert closes(store, incident)


def test_what_never_was_one_needs_none_by_a_person_s_word(store: Store, clock: Clock) -> None:
    """Said with the change, or later; the record has who, and why."""
    at_once, later = opened(store), opened(store, service="cart")
    clock.advance(timedelta(hours=1))
    said = [lowered(store, at_once, mistaken=True), lowered(store, later)]
    said.append(lowered(store, later, mistaken=True))
    again = store.lifecycle.set_severity(
        later.incident_id, P3, actor=ANN, reason="x", mistaken=True
    )
    for each in (at_once, later):
        over(store, each)

    never = "one shop; it never was a P1, so no review is owed for that"
    assert [f"severity P1 → P3: {never}", f"severity P3: {never}"] == [said[0], said[2]]
    assert not again.changed
    assert [] == store.reviews.lacking(clock())
    assert closes(store, at_once)
    assert closes(store, later)


def test_a_p1_that_was_merged_into_a_lesser_one_is_reviewed_there(
    store: Store, clock: Clock
) -> None:
    """Whatever becomes of the other one's severity a minute later."""
    grave, other = opened(store), opened(store, P3, service="cart")
    clock.advance(timedelta(hours=1))
    store.lifecycle.merge(grave.incident_id, other.incident_id, actor=ANN)
    lowered(store, other)
    over(store, other)

    assert [other.incident_id] == [each.incident_id for each in store.reviews.lacking(clock())]
    assert not closes(store, other)


def test_by_command(aeef: Aeef, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is owed is said, with how to say that it is not."""
    monkeypatch.setattr("tasks.store.lifecycle.owed_review.CORRECTED_WITHIN", timedelta(-1))
    assert aeef("incidents", "list").code == 0
    number = str(opened(open_store(load_settings())).number)
    to_p3 = ("severity", number, "P3", "--reason", "one shop")
    said, shown = aeef(*to_p3).out, aeef("incidents", "show", number).out
    never = aeef(*to_p3, "--mistaken").out
    after = aeef("incidents", "show", number).out

    assert f"its review is that of a P1. If it never was one: aeef severity {number} P3" in said
    assert "review    that of a P1, which it was" in shown
    assert "is that of a P1" not in never
    assert "which it was" not in after
