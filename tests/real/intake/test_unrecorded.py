"""A page leaves although the record cannot be written: a disk that is full, a database gone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.intake.unrecorded import MOST_A_MINUTE
from fixtures.intake import Intake, StartIntake
from schemas.errors import ConfigurationError
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from support import not_available, wait_until
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


def test_a_full_disk(
    small_disk: SmallDisk, start_intake: StartIntake, pagerduty: PagerDuty
) -> None:
    """First the reserve is used; then pages leave without a record, once; then all is on record."""
    intake = start_intake(pagerduty, disk=DISK)
    wait_until(lambda: health(intake)["status"] == "ok")
    reserve = small_disk.home / RESERVE_FILE
    assert RESERVE == reserve.stat().st_size
    assert RESERVE <= reserve.stat().st_blocks * 512

    small_disk.fill()
    assert 202 == send(intake, service="first").status_code
    assert not reserve.exists()
    small_disk.fill()
    answer = wait_until(lambda: (it := send(intake)).status_code == 503 and it)
    assert isinstance(answer, httpx.Response)
    assert answer.headers["Retry-After"]
    assert "is full" in answer.json()["detail"]
    wait_until(lambda: pagerduty.pages == 2)
    said = wait_until(lambda: health(intake)["problems"])
    assert any("the disk of" in each and "make space" in each for each in said), said
    assert 503 == send(intake).status_code

    small_disk.empty()
    wait_until(lambda: health(intake)["status"] == "ok")
    again = send(intake)
    assert 202 == again.status_code
    incident_id = again.json()["incidentId"]
    wait_until(lambda: intake.store.claim_result(incident_id, "page:P1") is not None)
    wait_until(reserve.exists)

    assert 2 == pagerduty.pages
    assert incident_id in pagerduty.alerts
    record = intake.actions(incident_id)
    assert any(each.startswith("a page had left at ") and "is full" in each for each in record)


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
