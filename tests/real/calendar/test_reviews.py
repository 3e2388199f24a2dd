"""Reviews by the calendar: drawn up once, people notified once, who attended on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from fixtures.store import Clock
from schemas.calendar import Kind
from schemas.corrective import Category, CorrectiveAction
from schemas.errors import AeefError, AuditBroken, InvalidInput, OutsideServiceError
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.lifecycle import Filter
from schemas.model import utc_now
from schemas.settings import Settings
from standins.slack import Slack
from standins.standin import settings_for
from tasks.backup.drill import drill
from tasks.calendar.draw_up import draw_up
from tasks.calendar.repeated_warnings import open_formal_reviews
from tasks.calendar.wording import markdown
from tasks.incident.evidence import Evidence
from tasks.store import Store, open_store

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
IN_THE_WEEK = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture
def settings(home: Path, slack: Slack) -> Settings:
    """With Slack."""
    return settings_for(slack, home=home)


def opened(store: Store, at: datetime, severity: Severity, **alert: object) -> Incident:
    """An incident that was detected then."""
    said = {"description": "latency", "service": "shop", "detectedAt": at.isoformat(), **alert}
    given = Alert.model_validate(said)
    return store.open_or_attach(given, IncidentType.QUALITY_DEGRADATION, severity).incident


def in_slack(slack: Slack) -> list[str]:
    """What was posted."""
    return [post.text for post in slack.messages]


def test_the_weekly_one_lists_what_is_overdue(settings: Settings, slack: Slack) -> None:
    """Once, on the page, in Slack and on record, however often it is drawn up."""
    store = open_store(settings)
    incident = opened(store, IN_THE_WEEK, Severity.P1)
    action = CorrectiveAction(
        incident_id=incident.incident_id, category=Category.TEST, text="a test for <it>",
        owner="ann", verifier="bob", due_at=IN_THE_WEEK, created_at=IN_THE_WEEK, created_by="ann",
    )  # fmt: skip
    store.corrective.add(action)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: draw_up(Kind.WEEKLY, settings, MONDAY), range(4)))
    [said] = in_slack(slack)
    whole = markdown(done[0].review, settings)

    assert [False, False, False, True] == sorted(each.is_new for each in done)
    assert "Weekly review 2026-W48: 1 corrective actions overdue" in said
    assert "CA-1" in said
    assert "/calendar/weekly/2026-W48" in said
    assert "## P1 and P2 of the week" in whole
    assert f"/incidents/{incident.number}" in whole
    on_record = [e.action for e in store.general_entries(10) if "weekly" in e.action]
    assert 1 == len(on_record)
    store.verify_audit()


def test_slack_that_is_away_is_told_later(settings: Settings, slack: Slack) -> None:
    """It is on record all the same, and asking again only sends the message."""
    slack.fail_with(500)
    with pytest.raises(OutsideServiceError):
        draw_up(Kind.MONTHLY, settings, MONDAY)
    kept = open_store(settings).calendar.of(Kind.MONTHLY, "2026-10")
    slack.recover()
    again = draw_up(Kind.MONTHLY, settings, MONDAY)

    assert (False, kept) == (again.is_new, again.review)
    assert 1 == len(in_slack(slack))


def test_slack_that_was_away_for_long_hears_of_it_by_the_intake(
    settings: Settings, slack: Slack
) -> None:
    """Once, and once the flow has given up; nothing that is a week old."""
    store, now = open_store(settings), utc_now()
    opened(store, now, Severity.P3)
    slack.fail_with(500)
    with pytest.raises(OutsideServiceError):
        draw_up(Kind.WEEKLY, settings, now)
    slack.recover()
    for minutes in (5, 11, 12, 20_000):
        open_formal_reviews(store, settings, now + timedelta(minutes=minutes))
        if minutes == 5:
            assert [] == in_slack(slack)
    slack.fail_with(500)
    with pytest.raises(OutsideServiceError):
        draw_up(Kind.MONTHLY, settings, now)
    slack.recover()
    open_formal_reviews(store, settings, now + timedelta(days=8))
    [said] = in_slack(slack)

    assert "Corrective actions that are overdue: 0" in said


@pytest.mark.proves("IR-MONTHLY")
def test_the_monthly_one_says_what_was_only_logged(store: Store, store_settings: Settings) -> None:
    """P4s with their number, trends beside the month before, P3s that are open; no drill."""
    october, november = (datetime(2026, month, 20, tzinfo=UTC) for month in (10, 11))
    opened(store, october, Severity.P4, dedupKey="1", labels={"team": "checkout"})
    logged = opened(store, november, Severity.P4, dedupKey="2", labels={"team": "checkout"})
    opened(store, november, Severity.P4, dedupKey="3", labels={"drill": "true"})
    waits = opened(store, november, Severity.P3, dedupKey="4")
    review = draw_up(Kind.MONTHLY, store_settings, datetime(2026, 12, 1, 9, tzinfo=UTC)).review
    lines = {each.title: [line.text for line in each.lines] for each in review.sections}
    first, *_, backlog = review.sections

    assert "2026-11" == review.period
    assert [logged.number] == [line.incident for line in first.lines]
    assert ["checkout: 1 (before: 1)", "not known: 1"] == lines["By team"]
    assert ["shop: 2 (before: 1)"] == lines["By service"]
    assert [waits.number] == [line.incident for line in backlog.lines]


def test_the_quarterly_one_says_what_it_did_not_see(store: Store, store_settings: Settings) -> None:
    """Contacts without an address, no restore drill, what a person has to look at."""
    settings = store_settings.model_validate(
        {**store_settings.model_dump(), "contacts": {"cto": {"slack": "U0000CTO"}}}
    )
    whole = markdown(draw_up(Kind.QUARTERLY, settings, MONDAY).review, settings)

    assert "cto: by " in whole
    assert "NO RESTORE DRILL WAS SEEN" in whole
    assert "NONE IS ON RECORD; it is made every 7 days" in whole
    assert "NOT LOOKED AT: nobody has tried them here yet." in whole
    assert "Not looked at: a person has to" in whole


@pytest.mark.proves("IR-QUARTERLY")
def test_the_quarterly_one_has_what_is_kept_and_the_last_drill(
    store: Store, store_settings: Settings
) -> None:
    """How long what is kept, what is held, and that the last restore drill failed."""
    settings = store_settings.model_validate(
        {**store_settings.model_dump(), "retention": {"every": 0, "years": {"P1": 7}}}
    )
    store.retention.hold(None, Filter(service="shop"), reason="a court", actor="ann (session)")
    incident_id = opened(store, MONDAY, Severity.P1).incident_id
    Evidence(str(incident_id), settings.home).keep("log.txt", b"x", source="test")
    store.record_action(incident_id, "kept a log")
    drill(settings)
    next(settings.home.glob("evidence/*/log.txt")).write_bytes(b"changed")
    with pytest.raises(AeefError):
        drill(settings)
    drawn = draw_up(Kind.QUARTERLY, settings)
    whole = markdown(drawn.review, settings)

    assert "P1 7 years, P2 5 years, P3 3 years" in whole
    assert "ONLY BY aeef retention dispose" in whole
    assert "legal hold 1 of incidents with service shop" in whole
    assert "restore drill FAILED after" in whole
    assert "THE LAST ONE FAILED" in drawn.said


def test_who_attended_is_on_record(store: Store, store_settings: Settings) -> None:
    """Once; not of a review that there is not; what is changed outside is found."""
    draw_up(Kind.WEEKLY, store_settings, MONDAY)
    for _ in range(2):
        store.calendar.attend(
            Kind.WEEKLY, "2026-W48", ("ann", "bob"), "CA-1 first", actor="ann (session)"
        )
    with pytest.raises(InvalidInput):
        store.calendar.attend(Kind.WEEKLY, "2026-W47", ("ann",), "", actor="ann (session)")
    with pytest.raises(InvalidInput):
        store.calendar.attend(Kind.WEEKLY, "2026-W48", (), "", actor="ann (session)")
    [said] = store.calendar.of(Kind.WEEKLY, "2026-W48").attended

    assert (("ann", "bob"), "CA-1 first", "ann (session)") == (
        said.people, said.decided, said.actor
    )  # fmt: skip
    newest = store.general_entries(1)[0]
    assert ("ann (session)", False) == (newest.actor, newest.automated)
    assert "weekly review 2026-W48: attended by ann, bob" == newest.action
    store.verify_audit()
    engine = create_engine(store._database.engine.url)  # noqa: SLF001 (as somebody with a client)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE aeef_calendar_reviews SET document = replace(document, 'bob', 'eve')")
        )
    engine.dispose()
    with pytest.raises(AuditBroken):
        store.calendar.of(Kind.WEEKLY, "2026-W48")
    with pytest.raises(AuditBroken, match="the weekly review 2026-W48 is not as audit entry"):
        store.verify_audit()


@pytest.mark.proves("REQ-010-13")
def test_repeated_warnings_open_a_formal_review_once(settings: Settings, slack: Slack) -> None:
    """Three of one kind within a week; not two, not of another service, not again and again."""
    store, clock = open_store(settings), Clock()
    for number in range(2):
        opened(store, clock(), Severity.P3, dedupKey=f"shop {number}")
        opened(store, clock(), Severity.P2, dedupKey=f"grave {number}", service="grave")
        opened(store, clock(), Severity.P4, dedupKey=f"d {number}", labels={"drill": "true"})
    opened(store, clock(), Severity.P4, dedupKey="other", service="other")
    open_formal_reviews(store, settings)
    before = store.calendar.newest(Kind.WARNINGS).found
    newest = opened(store, clock(), Severity.P4, dedupKey="shop 3")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: open_formal_reviews(store, settings), range(3)))
    opened(store, clock(), Severity.P4, dedupKey="shop 4")
    open_formal_reviews(store, settings)
    [review] = store.calendar.newest(Kind.WARNINGS).found
    [said] = in_slack(slack)

    assert [] == before
    assert 3 == len(review.sections[0].lines)
    assert "3 warnings of type quality-degradation of shop within 7 days" in said
    actions = [each.action for each in store.incident(newest.incident_id).actions_taken]
    assert 1 == sum("formal review of repeated warnings" in each for each in actions)
    later = clock() + timedelta(days=8)
    for number in range(3):
        opened(store, clock(), Severity.P3, dedupKey=f"later {number}", service="late")
    open_formal_reviews(store, settings, later)
    assert 1 == len(store.calendar.newest(Kind.WARNINGS).found)
