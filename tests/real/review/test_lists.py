"""Lists of what is on record go on past what somebody changed in the database, and name it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.intake import StartIntake
from fixtures.store import Clock
from real.corrective.actions import actions_with
from real.review.test_reviews import begun, change
from schemas.calendar import Kind
from schemas.corrective.filter import ActionFilter
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.calendar.draw_up import draw_up
from tasks.calendar.repeated_warnings import open_formal_reviews
from tasks.corrective.look import look_at_all
from tasks.people.corrective.listed import actions_data
from tasks.review.shown import unread
from tasks.review.watch import watch_reviews
from tasks.store import Store

HTML = {"Accept": "text/html"}
DAY = timedelta(days=1)


def three(store: Store, clock: Clock) -> list[Incident]:
    """Incidents whose review was begun, the one due first first."""
    found = []
    for name in "abc":
        found.append(begun(store, clock, service=name))
        clock.advance(DAY)
    return found


def tamper(url: str, table: str, where: str) -> None:
    """Somebody writes something else into the database."""
    change(url, f"UPDATE {table} SET document = '{{}}' WHERE {where}")  # noqa: S608 (a test's)


def test_one_review_that_was_changed_hides_no_other(
    store: Store, store_settings: Settings, database: str, clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The list names it; the round puts on record and reminds of the others, and says so."""
    first, second, third = three(store, clock)
    for each in (first, second):
        store.reviews.answer(
            each.incident_id, "impact", "none", actor="ann (token)", seen=0, goes_on=True
        )
    clock.advance(DAY)
    tamper(database, "aeef_reviews", f"incident_id = '{first.incident_id}'")
    listed = unread(store)
    watch_reviews(store_settings, store, clock() + DAY)
    said = [[e.action for e in store.timeline(each.incident_id)] for each in (second, third)]

    assert [second.incident_id, third.incident_id] == [
        each.incident.incident_id for each in listed.found
    ]
    [broken] = listed.broken
    assert str(first.incident_id) == broken.name
    assert f"review of incident {first.incident_id} cannot be read" in broken.why
    assert any("review: wrote 'Impact'" in each for each in said[0])
    assert all(any(each.startswith("reminder to") for each in one) for one in said)
    assert "1 cannot be read: the review of incident" in caplog.text


def test_reviews_come_page_by_page(store: Store, clock: Clock) -> None:
    """Each once, also after one that was read meanwhile."""
    expected = [each.incident_id for each in three(store, clock)]
    first = unread(store, limit=2).found
    after = str(first[-1].incident.number)
    rest = unread(store, after=after, limit=2).found

    assert expected == [each.incident.incident_id for each in [*first, *rest]]
    assert [] == unread(store, after=str(rest[-1].incident.number), limit=2).found


def test_one_corrective_action_that_was_changed_hides_no_other(home: Path) -> None:
    """Lists name it; the daily round looks at the others, and fails with its name at the end."""
    actions = actions_with(home)
    of = str(actions.incident.incident_id)
    ca = [actions.add(due="20d") for _ in "123"]
    actions.do("eve", "action-waive", ca[2], reason="x", until="20d")
    tamper(actions.settings.database, "aeef_corrective_actions", "number = 1")
    every = actions_data(ActionFilter(), actions.settings)
    of_one = actions_data(ActionFilter(incident=of), actions.settings)
    with pytest.raises(AeefError, match=r"action CA-1 cannot be read: .*CA-3: open again"):
        look_at_all(actions.settings, utc_now() + 21 * DAY)
    weekly = draw_up(Kind.WEEKLY, actions.settings, utc_now() + 30 * DAY).review

    assert ["CA-3", "CA-2", "CA-1"] == [each["reference"] for each in every]
    assert every == of_one
    assert "CA-1 cannot be read" in every[-1]["cannotBeRead"]
    assert "open" == actions.store.corrective.one(3).stage
    assert any("CA-1 cannot be read" in each for each in weekly.not_seen)
    assert any("CA-2" in line.text for line in weekly.sections[0].lines)


def test_the_pages_name_what_was_changed(start_intake: StartIntake, clock: Clock) -> None:
    """Of reviews, of an incident's actions, of the calendar; each lists the others."""
    intake = start_intake()
    first, second, _ = three(intake.store, clock)
    url = intake.settings.database
    for now in (utc_now(), utc_now() + 7 * DAY):
        draw_up(Kind.WEEKLY, intake.settings, now)
    kept, gone = intake.store.calendar.newest().found
    tamper(url, "aeef_reviews", f"incident_id = '{first.incident_id}'")
    tamper(url, "aeef_calendar_reviews", f"period = '{gone.period}'")
    page = {each: intake.ask("GET", each, headers=HTML) for each in ("/reviews", "/calendar")}
    data = {each: intake.ask("GET", each).json() for each in page}
    paged = intake.ask("GET", "/reviews?limit=1", headers=HTML).text
    rest = intake.ask("GET", f"/reviews?limit=5&after={second.number}", headers=HTML).text

    assert {200} == {each.status_code for each in page.values()}
    assert f"review of incident {first.incident_id} cannot be read" in page["/reviews"].text
    assert f"weekly review {gone.period} cannot be read" in page["/calendar"].text
    assert f"/calendar/weekly/{kept.period}" in page["/calendar"].text
    assert [False, False, True] == ["cannotBeRead" in each for each in data["/reviews"]]
    assert [False, True] == ["cannotBeRead" in each for each in data["/calendar"]]
    assert str(second.incident_id) not in paged
    assert str(second.incident_id) not in rest
    assert 422 == intake.ask("GET", "/reviews?limit=0").status_code
    open_formal_reviews(intake.store, intake.settings)
