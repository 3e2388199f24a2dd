"""The sweep finds what should have happened but did not, and does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deployments.intake.beside.sweep import Sweep
from deployments.intake.intervals import Timing
from fixtures.watching import Pages, open_one, taken_events
from schemas.errors import InvalidInput, TemporaryError
from schemas.incident import Severity
from schemas.settings import Settings
from standins.alertmanager import Alertmanager
from standins.jira import Jira
from standins.standin import settings_for
from tasks.incident.open_by_hand import open_for_rollback
from tasks.incident.open_incident import open_unreadable, parse_alert
from tasks.notify.page_on_call import ensure_page
from tasks.store import open_store

AT_ONCE = timedelta(0)
NEVER = timedelta(days=1)
QUICK = Timing(page_late=AT_ONCE, runbook_missing=NEVER, keep_alive=NEVER)
DAY = timedelta(days=1)


@pytest.fixture
def settings(home: Path) -> Iterator[Settings]:
    """Settings with a store of their own."""
    made = settings_for(home=home)
    yield made
    open_store(made).close()


class Watched:
    """A sweep, and whom it paged."""

    def __init__(self, settings: Settings, timing: Timing = QUICK) -> None:
        self.store = open_store(settings)
        self.pages = Pages()
        self.sweep = Sweep(settings, self.store, self.pages, timing)

    def events(self) -> list[tuple[str, str]]:
        """The events that wait for Prefect, taken out: incident and name."""
        return taken_events(self.store)


def test_no_runbook_is_told_to_the_on_call_of_every_incident(settings: Settings) -> None:
    """Also when Prefect does not answer at all; P4 without a rollback wakes nobody."""
    watched = Watched(settings, QUICK._replace(runbook_missing=AT_ONCE))
    loud = [open_one(watched.store, service=name) for name in "ab"]
    open_one(watched.store, Severity.P4, service="c")
    watched.events()
    watched.sweep.run()
    told = {
        (incident.incident_id, reason, key) for incident, reason, key in watched.pages.all if key
    }

    assert {
        (incident.incident_id, "no runbook has started, take over", "page:not-started")
        for incident in loud
    } == told


def test_a_rollback_by_hand_is_not_done_a_second_time(settings: Settings) -> None:
    """Its record is no incident whose runbook is missing, however long it takes or if it failed."""
    watched = Watched(settings, QUICK._replace(runbook_missing=AT_ONCE))
    open_for_rollback("shop", "ann", settings)
    watched.sweep.run()

    assert [] == watched.events()
    assert [] == watched.pages.all


def test_an_event_that_nobody_can_read_pages(settings: Settings) -> None:
    """It becomes an incident of its own; the sender's values are not repeated."""
    watched = Watched(settings)
    with pytest.raises(InvalidInput) as raised:
        parse_alert({"colour": "s3cr3t"})
    incident = open_unreadable(raised.value, settings)
    watched.sweep.send_late_pages()

    assert [incident.incident_id] == [each.incident_id for each, _, _ in watched.pages.all]
    assert "s3cr3t" not in incident.description


def test_what_one_check_cannot_do_does_not_keep_the_others_from_theirs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises."""
    watched = Watched(settings)
    open_one(watched.store)

    def broken() -> None:
        raise TemporaryError("Alertmanager", "away")

    def very_broken() -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(watched.sweep, "keep_alerts_alive", broken)
    monkeypatch.setattr(watched.sweep, "page_for_missing_runbooks", very_broken)
    seen: list[UUID] = []
    monkeypatch.setattr(watched.sweep, "change_messages", lambda: seen.append(uuid4()))
    watched.sweep.run()

    assert (1, 1) == (len(watched.pages.all), len(seen))


def test_an_alert_in_alertmanager_is_kept_up_while_the_incident_is_open(
    home: Path, alertmanager_standin: Alertmanager
) -> None:
    """Sent again when its time has come, by one of several intakes; not after the end."""
    settings = settings_for(alertmanager_standin, home=home)
    watched = Watched(settings, QUICK._replace(keep_alive=AT_ONCE))
    incident = open_one(watched.store)
    ensure_page(incident.incident_id, settings, holder="test")
    posts = [_posts(alertmanager_standin)]
    for keep_alive in (AT_ONCE, DAY, DAY):
        watched.sweep.timing = QUICK._replace(keep_alive=keep_alive)
        watched.sweep.keep_alerts_alive()
        posts.append(_posts(alertmanager_standin))
    open_store(settings).close()

    assert [1, 2, 3, 3] == posts
    assert 1 == len(alertmanager_standin.alerts)


def _posts(alertmanager: Alertmanager) -> int:
    sent: list[Any] = [json.loads(r.body) for r in alertmanager.requests if r.method == "POST"]
    return len(sent)


def test_tickets_are_not_asked_for_in_each_round_while_jira_is_away(
    jira: Jira, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may take ten seconds, in which no late page is sent."""
    settings, rounds = settings_for(jira, home=home), []

    def away(*_: object) -> bool:
        rounds.append(1)
        raise TemporaryError("Jira", "it does not answer")

    monkeypatch.setattr("deployments.intake.beside.sweep.watch_action_tickets", away)
    watched = Watched(settings)
    watched.sweep.run()
    watched.sweep.run()
    watched.store.close()

    assert [1] == rounds
