"""A sender that is expected and falls silent is an incident, also after a restart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from fixtures.intake import Intake, StartIntake
from fixtures.store import Clock
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.store import Store

SECRET = "a-secret-of-its-own-0123456789"
HOOK = {"secret": SECRET, "identity": "id", "expect_every": 300}
EXPECTED = {"hooks/plain": 300.0}
LONGEST = timedelta(seconds=10)


def start(start_intake: StartIntake, pagerduty: PagerDuty, **more: Any) -> Intake:
    """An intake that expects one hook, and perhaps more."""
    return start_intake(pagerduty, hooks={"plain": HOOK}, **more)


def send(intake: Intake) -> None:
    """Something from the hook."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    answer = intake.client.post("/v1/hooks/plain", json={"id": 1}, headers=headers)
    assert 202 == answer.status_code, answer.text


def let_pass(intake: Intake, seconds: float) -> None:
    """As if an intake had listened in vain for so long."""
    engine = create_engine(f"sqlite:///{intake.settings.home / 'aeef.db'}")
    said = "UPDATE aeef_heard_senders SET silent_for = silent_for + :by"
    with engine.begin() as connection:
        connection.execute(text(said), {"by": int(seconds * 1000)})
    engine.dispose()


def silent(intake: Intake) -> list[Any]:
    """The incidents of silence."""
    return [each for each in intake.incidents() if "silent" in each.description]


def is_over(intake: Intake) -> bool:
    """Whether its incident has ended, as the sender goes on sending."""
    send(intake)
    return bool(silent(intake)[0].status == "resolved")


def test_silence_is_a_p2_once_and_ends_when_it_is_heard(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """It pages; whatever comes from the sender then is the end of it."""
    intake = start(start_intake, pagerduty)
    send(intake)
    wait_until(lambda: "hooks/plain" in intake.store.heard.ever())
    let_pass(intake, 301)
    (incident,) = wait_until(lambda: silent(intake))
    wait_until(lambda: str(incident.incident_id) in pagerduty.alerts)
    let_pass(intake, 3000)

    assert ("P2", ["hooks/plain"]) == (incident.severity, incident.affected_services)
    assert "hooks/plain has been silent for 5 min " in incident.description
    wait_until(lambda: is_over(intake))
    assert 1 == len(silent(intake))


def test_a_restart_neither_opens_one_at_once_nor_forgets(
    start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """What was counted before is still counted, and no more than that."""
    first = start(start_intake, pagerduty)
    send(first)
    wait_until(lambda: "hooks/plain" in first.store.heard.ever())
    let_pass(first, 280)
    second = start(start_intake, pagerduty)
    counted = second.store.heard.listen(EXPECTED, LONGEST)[0]

    assert [] == silent(second)
    assert 280 <= counted.seconds < 300
    let_pass(second, 20)
    assert wait_until(lambda: silent(second))


def test_time_in_which_nobody_listened_is_no_silence(store: Store, clock: Clock) -> None:
    """However long the intake was down; one that was never heard is counted from the first look."""
    assert [0.0] == [each.seconds for each in store.heard.listen(EXPECTED, LONGEST)]
    clock.advance(timedelta(hours=5))
    (after,) = store.heard.listen(EXPECTED, LONGEST)
    assert (10.0, None) == (after.seconds, after.heard_at)
    for _ in range(29):
        clock.advance(timedelta(seconds=10))
        (after,) = store.heard.listen(EXPECTED, LONGEST)
    assert 300 == pytest.approx(after.seconds, abs=1)

    store.heard.reported("hooks/plain")
    assert store.heard.listen(EXPECTED, LONGEST)[0].is_reported
    assert store.heard.hear("hooks/plain")
    assert not store.heard.hear("hooks/plain")
    (heard,) = store.heard.listen(EXPECTED, LONGEST)
    assert (False, True) == (heard.is_reported, heard.seconds < 1)


def test_a_clock_that_is_set_back_counts_nothing(store: Store, clock: Clock) -> None:
    """And nothing is taken away."""
    store.heard.listen(EXPECTED, LONGEST)
    clock.advance(timedelta(seconds=8))
    store.heard.listen(EXPECTED, LONGEST)
    clock.advance(timedelta(seconds=-3600))

    assert 8 == pytest.approx(store.heard.listen(EXPECTED, LONGEST)[0].seconds, abs=1)


def test_watchdog_is_heard_and_missed(start_intake: StartIntake, pagerduty: PagerDuty) -> None:
    """It opens nothing when it fires, is not heard when it is over, and missed when it is away."""
    intake = start(start_intake, pagerduty, reception={"expect_watchdog": 60})
    alert = {"labels": {"alertname": "Watchdog"}, "startsAt": "2026-11-27T06:00:00Z"}
    over = {"version": "4", "groupKey": "g", "alerts": [{**alert, "status": "resolved"}]}
    fires = {"version": "4", "groupKey": "g", "alerts": [{**alert, "status": "firing"}]}
    watchdog = "alertmanager's Watchdog"

    assert {"incidents": [], "resolved": [], "proposed": []} == intake.webhook(over)
    wait_until(lambda: "alertmanager" in intake.store.heard.ever())
    assert watchdog not in intake.store.heard.ever()
    assert {"incidents": [], "resolved": [], "proposed": []} == intake.webhook(fires)
    wait_until(lambda: watchdog in intake.store.heard.ever())
    let_pass(intake, 61)
    (incident,) = wait_until(lambda: silent(intake))
    assert incident.description.startswith("alertmanager's Watchdog has been silent")
