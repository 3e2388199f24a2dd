"""Reviews by the calendar go when their time is over, on record; none that something needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from fixtures.store import YEAR, Clock, Old
from schemas.calendar import CalendarReview, Kind, Line, Section
from schemas.errors import AuditBroken, InvalidInput
from schemas.incident import Severity
from schemas.settings import Settings
from tasks.retention.dispose import dispose_of_due
from tasks.store import Store
from tasks.store.database.tables import calendar_reviews


@pytest.fixture
def settings(store_settings: Settings, store: Store) -> Settings:
    """Those of the store."""
    assert store
    return store_settings


def drawn(store: Store, clock: Clock, period: str, years: float, *incidents: int) -> None:
    """One that was drawn up so long ago, and names these incidents."""
    clock.ahead = -years * YEAR
    lines = tuple(Line(text="a warning", incident=number) for number in incidents)
    review = CalendarReview(
        kind=Kind.WEEKLY, period=period, begin=clock(), end=clock(), drawn_at=clock(),
        sections=(Section(title="of the week", lines=lines),),
    )  # fmt: skip
    assert store.calendar.keep(review, "nothing")
    clock.ahead = timedelta()


def kept(store: Store) -> list[str]:
    """Which are there."""
    return sorted(each.period for each in store.calendar.newest().found)


@pytest.mark.proves("RET-3-YEARS", "RET-DISPOSAL", "RET-DISPOSAL-LOG")
def test_reviews_go_after_three_years(store: Store, settings: Settings, clock: Clock) -> None:
    """After they were drawn up, or somebody last attended; the audit log verifies."""
    for period, years in (("old", 4), ("attended", 4), ("young", 2)):
        drawn(store, clock, period, years)
    clock.ahead = -2 * YEAR
    store.calendar.attend(Kind.WEEKLY, "attended", ("ann",), "", actor="ann")
    clock.ahead = timedelta()
    assert ["weekly review old"] == [e.title for e in store.retention.due_reviews(3)]
    store.verify_audit()
    report = dispose_of_due(settings, actor="ann")

    assert (1, ["attended", "young"]) == (report.reviews, kept(store))
    assert "1 review by the calendar" in report.in_words
    with pytest.raises(InvalidInput, match="there is no weekly review"):
        store.calendar.of(Kind.WEEKLY, "old")
    said = next(e for e in store.general_entries(5) if "disposedReviews" in e.details)
    assert "disposed of reviews by the calendar (weekly review old)" in said.action
    assert 1 == str(said.details["disposedReviews"]).count("'period': 'old'")
    store.verify_audit()
    assert 0 == dispose_of_due(settings).reviews


@pytest.mark.proves("RET-HOLD", "RET-5-YEARS")
def test_a_review_stays_with_the_incidents_that_it_names(
    store: Store, settings: Settings, clock: Clock, old: Old
) -> None:
    """As long as one of them is kept, by its years or by a legal hold."""
    old("young", 4, Severity.P1)
    held = old("held", 6)
    old("gone", 6)
    for period, number in (("young", 1), ("held", 2), ("gone", 3)):
        drawn(store, clock, period, 4, number)
    store.retention.hold(held, reason="court", actor="ann")

    assert 1 == dispose_of_due(settings).reviews
    assert ["held", "young"] == kept(store)
    store.retention.release(1, reason="over", actor="ann")
    assert 1 == dispose_of_due(settings).reviews
    store.verify_audit()


def test_one_that_was_changed_outside_stays_and_the_others_go(store: Store, clock: Clock) -> None:
    """So that somebody looks at it; it does not hold up the disposal of the others."""
    for period in ("changed", "old"):
        drawn(store, clock, period, 4)
    of_it = calendar_reviews.c.period == "changed"
    change = update(calendar_reviews).where(of_it).values(document="{")
    store._database.write(lambda connection: connection.execute(change))  # noqa: SLF001 (outside)

    assert 1 == store.retention.dispose_reviews(3, actor="ann")
    left = store.calendar.newest()
    assert ([], ["weekly changed"]) == (left.found, [each.name for each in left.broken])


def test_a_fresh_review_cannot_be_listed_as_disposed_of(
    store: Store, settings: Settings, clock: Clock
) -> None:
    """By when its own entries were written."""
    drawn(store, clock, "fresh", 0.5)
    clock.advance(YEAR)
    store.retention.dispose_reviews(1, actor="mallory")
    clock.ahead = timedelta()
    with pytest.raises(AuditBroken, match="weekly review fresh was disposed of, but"):
        store.verify_audit()
    with pytest.raises(AuditBroken):
        dispose_of_due(settings)
