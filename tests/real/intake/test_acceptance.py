"""A list of alerts is accepted by severity, and a P1 does not wait for the rest."""

from __future__ import annotations

import pytest

from deployments.intake.acceptance import Acceptance
from deployments.intake.door import Door
from deployments.intake.metrics.metrics import Metrics
from schemas.incident import Alert
from schemas.settings import Settings
from tasks.store import Opened, Store


class Listed(Door):
    """A door that records its calls, in order."""

    asked: list[str]

    def accept(self, alert: Alert) -> Opened:
        """Record the service."""
        self.asked.append(str(alert.service))
        return super().accept(alert)

    def dispatch_now(self) -> None:
        """Record that accepted incidents are dispatched."""
        self.asked.append("to Prefect")


@pytest.fixture
def door(store: Store, store_settings: Settings) -> Listed:
    """Its threads are not started: nothing here needs them."""
    door = Listed(store_settings, store)
    door.asked = []
    return door


def _alert(severity: str, service: str) -> Alert:
    return Alert.model_validate(
        {"type": "unknown", "severity": severity, "service": service, "description": "x"}
    )


def _acceptance(door: Door) -> Acceptance:
    return Acceptance(door, Metrics(door.store, door.settings), door.settings)


def test_the_urgent_ones_reach_prefect_before_the_rest_is_taken_in(door: Listed) -> None:
    """The answers are in the order of the alerts, whatever their severity."""
    alerts = [_alert("P4", "a"), _alert("P3", "b"), _alert("P4", "c"), _alert("P3", "d")]

    answers = _acceptance(door).accept_all(alerts)

    assert ["b", "d", "to Prefect", "a", "c", "to Prefect"] == door.asked
    assert ["P4", "P3", "P4", "P3"] == [answer["severity"] for answer in answers]


def test_what_was_taken_in_before_a_failure_reaches_prefect(
    door: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender gets the error, and sends everything again."""

    def accept(_self: Door, alert: Alert) -> Opened:
        raise OSError("the disk is full")

    monkeypatch.setattr(Door, "accept", accept)

    with pytest.raises(OSError, match="full"):
        _acceptance(door).accept_all([_alert("P3", "a")])

    assert ["a", "to Prefect"] == door.asked


def test_an_empty_list_asks_for_nothing(door: Listed) -> None:
    """Neither the store nor Prefect."""
    assert [] == _acceptance(door).accept_all([])
    assert [] == door.asked
