"""A regulatory clock sends one reminder (page, thread, record), unless it is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from samples.breach import breach, clock, configure, say, submit
from schemas.breach import Kind
from schemas.errors import PageNotDelivered
from schemas.incident import Incident, Status
from schemas.model import utc_now
from schemas.settings import load_settings
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from tasks.breach.clocks.ring_clock import ring_clock, silence_clocks
from tasks.breach.clocks.timers import AT_DUE, AT_START, moment_of
from tasks.notify.page_on_call import ensure_page
from tasks.notify.post_to_slack import post_to_slack
from tasks.notify.stand_down import resolve_page
from tasks.store import Store, open_store

HOUR = timedelta(hours=1)
KEY = ("gdpr-33", "notification")


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own; GDPR and DORA apply."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    configure("gdpr-33", "gdpr-34", "dora-19")
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def channels(
    pagerduty: PagerDuty, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> tuple[PagerDuty, Slack]:
    """PagerDuty and Slack, configured."""
    for name, value in {**pagerduty.env(), **slack.env()}.items():
        monkeypatch.setenv(name, value)
    return pagerduty, slack


def actions(store: Store, incident: Incident, beginning: str = "") -> list[str]:
    """What is on record, in order."""
    done = store.incident(incident.incident_id).actions_taken
    return [each.action for each in done if each.action.startswith(beginning)]


def ring(incident: Incident, point: str = AT_START) -> str | None:
    """The GDPR clock's timer of this point fires."""
    due = moment_of(clock(incident, "/".join(KEY)))
    return ring_clock.directly(str(incident.incident_id), *KEY, due, point)


def test_a_reminder_pages_posts_and_records_once(
    store: Store, channels: tuple[PagerDuty, Slack]
) -> None:
    """Under a dedup key of its own; a second run of the same timer adds nothing."""
    pagerduty, slack = channels
    incident = breach(store, ago=69 * HOUR)
    post_to_slack.directly(str(incident.incident_id))

    said = ring(incident)
    again = ring(incident)

    assert said is not None
    assert again is None
    assert said.startswith("REMINDER gdpr-33/notification: the notification to the supervisory")
    [(key, alert)] = pagerduty.alerts.items()
    assert key.startswith(f"{incident.incident_id}:clock:gdpr-33/notification:")
    assert "REMINDER gdpr-33/notification" in alert.payload["summary"]
    assert [said] == actions(store, incident, "REMINDER")
    [message] = slack.in_channel("aeef-incidents")
    [reply] = slack.in_thread(message.ts)  # what it is about is for the restricted channel
    assert "its record says more" in reply.text


def test_an_overdue_clock_is_an_alarm_even_when_the_incident_is_resolved(
    store: Store, channels: tuple[PagerDuty, Slack]
) -> None:
    """It pages like a P1, and says how late it is."""
    incident = breach(store, ago=75 * HOUR)
    store.set_status(incident.incident_id, Status.RESOLVED, actor="test")

    said = ring(incident, AT_DUE)

    assert said is not None
    assert "OVERDUE gdpr-33/notification" in said
    assert "3 h 0 min ago" in said
    assert "reasons for the delay" in said
    [alert] = channels[0].alerts.values()
    assert ("critical", "triggered") == (alert.payload["severity"], alert.state)
    assert [said] == actions(store, incident, "OVERDUE")


def test_a_page_that_fails_is_tried_again_with_the_same_words(
    store: Store, channels: tuple[PagerDuty, Slack]
) -> None:
    """One page, one entry."""
    incident = breach(store, ago=75 * HOUR)
    for service in channels:
        service.fail_with(400, times=None)
    with pytest.raises(PageNotDelivered):
        ring(incident, AT_DUE)
    for service in channels:
        service.recover()

    said = ring(incident, AT_DUE)

    assert [said] == actions(store, incident, "OVERDUE")
    assert 1 == channels[0].pages


@pytest.mark.parametrize("why", ["submitted", "not applicable", "moved", "not configured"])
def test_a_timer_that_is_moot_says_nothing(
    store: Store, channels: tuple[PagerDuty, Slack], why: str
) -> None:
    """It checks the current state first."""
    incident = breach(store, ago=75 * HOUR)
    due = moment_of(clock(incident, "/".join(KEY)))
    match why:
        case "submitted":
            submit(incident, *KEY)
        case "not applicable":
            say(incident, Kind.NOT_APPLICABLE, regime="gdpr-33", reason="encrypted")
        case "moved":
            say(incident, timestamps={"aware": utc_now() - 74 * HOUR})
        case _:
            configure("dora-19")

    assert ring_clock.directly(str(incident.incident_id), *KEY, due, AT_DUE) is None
    assert {} == channels[0].alerts
    assert [] == actions(store, incident, "OVERDUE")


def test_of_late_reminders_only_the_newest_speaks(store: Store) -> None:
    """The server was down for a day: 24 h, 4 h and 1 h before are due together."""
    late, over = breach(store, ago=71.5 * HOUR), breach(store, ago=73 * HOUR, service="web")
    points = ["86400 s before", "14400 s before", "3600 s before"]

    said = [ring(late, point) for point in points]

    assert [None, None] == said[:2]
    assert said[2] is not None
    assert [None] * 3 == [ring(over, point) for point in points]
    assert ring(over, AT_DUE)


def test_a_submission_silences_what_its_clock_rang(
    store: Store, channels: tuple[PagerDuty, Slack]
) -> None:
    """In PagerDuty the alerts of this deadline are resolved, and no others."""
    incident = breach(store, ago=75 * HOUR)
    ring(incident, AT_DUE)
    initial = clock(incident, "dora-19/initial")
    ring_clock.directly(str(incident.incident_id), "dora-19", "initial", moment_of(initial), AT_DUE)
    submit(incident, *KEY)

    silence_clocks(incident.incident_id, load_settings())

    states = {key.split(":")[2]: alert.state for key, alert in channels[0].alerts.items()}
    assert {"gdpr-33/notification": "resolved", "dora-19/initial": "triggered"} == states


def test_a_resolved_incident_keeps_the_alerts_of_its_clocks(
    store: Store, channels: tuple[PagerDuty, Slack]
) -> None:
    """Only its own page is resolved; the notification is still due."""
    incident = breach(store, ago=75 * HOUR)
    ensure_page(incident.incident_id, load_settings(), holder="test")
    ring(incident, AT_DUE)
    store.set_status(incident.incident_id, Status.RESOLVED, actor="test")

    resolve_page(incident.incident_id, load_settings(), holder="test")

    alerts = channels[0].alerts
    assert "resolved" == alerts.pop(str(incident.incident_id)).state
    assert ["triggered"] == [each.state for each in alerts.values()]


@pytest.mark.parametrize("why", ["not applicable", "moved"])
def test_what_no_longer_counts_is_silenced(
    store: Store, channels: tuple[PagerDuty, Slack], why: str
) -> None:
    """As a submission is."""
    incident = breach(store, ago=75 * HOUR)
    ring(incident, AT_DUE)
    if why == "moved":
        say(incident, timestamps={"aware": utc_now() - HOUR})
    else:
        say(incident, Kind.NOT_APPLICABLE, regime="gdpr-33", reason="encrypted")

    silence_clocks(incident.incident_id, load_settings())

    assert ["resolved"] == [each.state for each in channels[0].alerts.values()]
