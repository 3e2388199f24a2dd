"""A page leaves although the record cannot be written: a disk that is full, a database gone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.intake.beside.unrecorded import MOST_A_MINUTE
from fixtures.intake import Intake, StartIntake
from schemas.errors import ConfigurationError, TemporaryError
from schemas.incident import Alert, IncidentType, Severity
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from standins.standin import settings_for
from support import not_available, wait_until
from tasks.store import open_store
from tasks.store.database.disk import RESERVE_FILE

ALERT = {"type": "security", "severity": "P1", "service": "shop", "description": "CVE"}
RESERVE = 1_000_000
DISK = {"reserve": RESERVE, "low": 0}


class SmallDisk:
    """A file system of eight megabytes at AEEF_HOME."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._filler = home / "filler"

    def fill(self) -> None:
        """Take all that is left."""
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def empty(self) -> None:
        """Give it back."""
        self._filler.unlink()


@pytest.fixture
def small_disk(home: Path) -> Iterator[SmallDisk]:
    """A real one, in memory."""
    if os.geteuid() != 0:
        not_available("only root can mount a small file system")
    home.mkdir(mode=0o700)
    options = ["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(home)]
    if subprocess.run(["mount", *options], check=False, capture_output=True).returncode:
        not_available("no file system can be mounted here")
    yield SmallDisk(home)
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def send(intake: Intake, **alert: Any) -> httpx.Response:
    """Send the alert."""
    return intake.ask("POST", "/v1/alerts", json=ALERT | alert)


def health(intake: Intake) -> Any:
    """What /health answers."""
    return intake.client.get("/health").json()


def test_the_reserve_is_used_before_anything_is_refused(small_disk: SmallDisk) -> None:
    """It is there really, given back when it is needed, and made again when there is space."""
    settings = settings_for(home=small_disk.home, disk=DISK)
    store = open_store(settings)
    assert ([], []) == store.check_written(settings, "test")
    reserve = small_disk.home / RESERVE_FILE
    assert RESERVE == reserve.stat().st_size <= reserve.stat().st_blocks * 512
    small_disk.fill()
    alert = Alert(description="CVE")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
    assert opened.is_new
    assert not reserve.exists()
    found = store.check_written(settings, "test")
    assert [] == found.problems
    assert "the reserve for records is used up" in found.warnings[0]
    small_disk.fill()
    with pytest.raises(TemporaryError, match=r"could not write the record: the disk of .* is full"):
        store.record_action(opened.incident.incident_id, "x" * 100_000)
    found = store.check_written(settings, "test")
    assert any("could not write in AEEF_HOME: the disk of" in each for each in found.problems)
    small_disk.empty()

    assert ([], []) == store.check_written(settings, "test")
    assert reserve.exists()
    store.close()


def test_a_page_leaves_when_the_disk_is_full(
    small_disk: SmallDisk, start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """The sender is asked to come again, and the trouble is one alert for the pager."""
    intake = start_intake(pagerduty, disk=DISK)
    wait_until(lambda: health(intake)["status"] == "ok")
    names = (f"shop-{number}" for number in count())

    def refused() -> tuple[str, httpx.Response] | None:
        small_disk.fill()
        name = next(names)
        answer = send(intake, service=name)
        return (name, answer) if answer.status_code == 503 else None

    name, answer = wait_until(refused) or ("", None)
    assert answer is not None
    assert answer.headers["Retry-After"]
    assert "is full" in answer.json()["detail"]
    wait_until(lambda: rung_for(pagerduty, name))
    wait_until(lambda: "make space" in str(health(intake)["problems"]))  # and not another first
    small_disk.empty()
    wait_until(lambda: health(intake)["status"] == "ok")
    incident_id = send(intake, service=name).json()["incidentId"]
    wait_until(lambda: intake.store.claim_result(incident_id, "page:P1") is not None)

    assert [incident_id] == rung_for(pagerduty, name)
    record = intake.actions(incident_id)
    assert any(each.startswith("a page had left at ") and "is full" in each for each in record)


def rung_for(pagerduty: PagerDuty, service: str) -> list[str]:
    """The keys of the alerts about this service: one for each time that somebody was called."""
    return [key for key, it in pagerduty.alerts.items() if f"{service} " in it.payload["summary"]]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """To break a store with."""
    return monkeypatch


def refuse(*_args: Any, **_more: Any) -> Any:
    """A database that cannot be written."""
    raise ConfigurationError("the incident store cannot be used: readonly database")


def test_a_page_without_a_record_is_known_after_a_restart(
    start_intake: StartIntake, pagerduty: PagerDuty, broken: pytest.MonkeyPatch
) -> None:
    """Another intake of the same home puts the alert on record under the id that rang."""
    first = start_intake(pagerduty)
    with broken.context() as patch:
        patch.setattr(first.store, "open_or_attach", refuse)
        assert 503 == send(first).status_code
        wait_until(lambda: pagerduty.pages == 1)
        wait_until((first.settings.home / "unrecorded-pages.json").exists)
    second = start_intake(pagerduty)
    incident_id = send(second).json()["incidentId"]
    wait_until(lambda: second.store.claim_result(incident_id, "page:P1") is not None)

    assert 1 == pagerduty.pages
    assert [incident_id] == list(pagerduty.alerts)
    assert not (first.settings.home / "unrecorded-pages.json").exists()


def test_what_turns_out_to_be_on_record_already_stops_ringing(
    start_intake: StartIntake, pagerduty: PagerDuty, broken: pytest.MonkeyPatch
) -> None:
    """Its incident was open all the time, and rings under its own id."""
    intake = start_intake(pagerduty)
    incident_id = send(intake).json()["incidentId"]
    wait_until(lambda: pagerduty.pages == 1)
    with broken.context() as patch:
        patch.setattr(intake.store, "open_or_attach", refuse)
        assert 503 == send(intake).status_code
        wait_until(lambda: pagerduty.pages == 2)
        wait_until((intake.settings.home / "unrecorded-pages.json").exists)
    assert incident_id == send(intake).json()["incidentId"]
    wait_until(lambda: {"triggered", "resolved"} == {a.state for a in pagerduty.alerts.values()})

    assert "triggered" == pagerduty.alerts[incident_id].state


def test_many_that_cannot_be_recorded_are_few_pages(
    start_intake: StartIntake, pagerduty: PagerDuty, broken: pytest.MonkeyPatch
) -> None:
    """One page more says that there are more; each alert of a request counts."""
    intake = start_intake(pagerduty)
    storm = [ALERT | {"service": f"s{number}"} for number in range(3 * MOST_A_MINUTE)]
    with broken.context() as patch:
        patch.setattr(intake.store, "open_or_attach", refuse)
        for _ in range(2):
            assert 503 == intake.ask("POST", "/v1/alerts", json=storm).status_code
        wait_until(lambda: pagerduty.pages == MOST_A_MINUTE + 1)
    said = [each.payload["summary"] for each in pagerduty.alerts.values()]

    assert 1 == sum("more alerts arrive than are paged" in each for each in said)


def test_where_nothing_rings_somebody_is_told(
    start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack, broken: pytest.MonkeyPatch
) -> None:
    """Without the store, Slack gets a plain message; P3 wakes nobody here either."""
    pagerduty.fail_with(500, times=None)
    intake = start_intake(pagerduty, slack)
    with broken.context() as patch:
        patch.setattr(intake.store, "open_or_attach", refuse)
        assert 503 == send(intake, severity="P3", service="quiet").status_code
        assert 503 == send(intake).status_code
        wait_until(lambda: slack.in_channel("#aeef-incidents"))

    (message,) = slack.in_channel("#aeef-incidents")
    assert "it cannot be put on record now: CVE" in message.text
