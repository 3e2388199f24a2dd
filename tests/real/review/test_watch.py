"""The intake looks after reviews: without Prefect they have their day, and people hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deployments.intake.beside.sweep import Sweep
from fixtures.watching import Pages, open_one
from schemas.incident import Incident, Severity
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from schemas.review import Facts
from schemas.settings import Settings
from standins.slack import Slack
from standins.standin import settings_for
from tasks.channels.slack.message import ensure_message
from tasks.review.watch import watch_reviews
from tasks.store import Store, open_store


@pytest.fixture
def settings(slack: Slack, home: Path) -> Iterator[Settings]:
    """With Slack, and two days for a P1."""
    given = settings_for(slack, home=home)
    made = given.model_copy(
        update={"review": given.review.model_copy(update={"due": {Severity.P1: 2}})}
    )
    yield made
    open_store(made).close()


def over(store: Store, settings: Settings, severity: Severity = Severity.P1) -> Incident:
    """An incident with a thread and a lead that is resolved."""
    incident = open_one(store, severity, service=severity.value)
    ensure_message(incident, settings, holder="test")
    store.lifecycle.name_lead(incident.incident_id, "ann", actor="ann (token)")
    return store.lifecycle.resolve(
        incident.incident_id, Disposition.FIXED, cause="a bug", actor="ann (token)"
    ).incident


def test_what_is_over_gets_its_review_from_the_sweep(settings: Settings) -> None:
    """Of a P1 or P2, once; so many business days after it ended. Not of a lesser one."""
    store = open_store(settings)
    grave, lesser = over(store, settings), over(store, settings, Severity.P3)
    sweep = Sweep(settings, store, Pages())
    sweep.watch_reviews()
    watch_reviews(settings, store)
    review = store.reviews.of(grave.incident_id)
    assert grave.resolved_at is not None

    assert review is not None
    assert settings.business_days.after(grave.resolved_at, 2) == review.due_at
    assert store.reviews.of(lesser.incident_id) is None
    begun = [e for e in store.timeline(grave.incident_id) if e.action.startswith("review begun")]
    assert 1 == len(begun)


def test_people_are_reminded_once_before_and_once_after(settings: Settings, slack: Slack) -> None:
    """The lead, in the incident's thread where they have no Slack; also when Slack was away."""
    store = open_store(settings)
    incident = over(store, settings)
    due = utc_now() + timedelta(days=10)
    store.reviews.begin(incident.incident_id, due)
    store.reviews.draft(incident.incident_id, Facts(drafted_at=utc_now()))

    def said(now_is: timedelta) -> list[str]:
        for _ in "12":
            watch_reviews(settings, store, due + now_is)
        return [each.text for each in slack.messages if each.text.startswith("ann: The review of")]

    assert [] == said(timedelta(days=-2))
    assert 1 == len(said(timedelta(hours=-12)))
    late = said(timedelta(minutes=1))
    entries = [e.action for e in store.timeline(incident.incident_id) if "reminder" in e.action]

    assert 2 == len(late)
    assert " is due " in late[0]
    assert " was due " in late[1]
    assert "is not complete" in late[1]
    assert 2 == len(entries)
