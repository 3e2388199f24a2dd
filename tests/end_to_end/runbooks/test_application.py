"""A realistic Compose application, deployed and recorded by a pipeline, goes back by an alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.stack import Stack
from samples.application import Application
from samples.compose import Compose
from standins.real.alertmanager import RealAlertmanager, webhook_receiver


@pytest.fixture
def application(tmp_path: Path, compose: Compose, stack: Stack) -> Iterator[Application]:
    """The application, of which nothing runs, recorded with the system's own salt."""
    made = Application(tmp_path, compose)
    made.home = stack.home
    try:
        yield made
    finally:
        made.down()


@pytest.fixture
def alertmanager(stack: Stack, tmp_path: Path) -> Iterator[RealAlertmanager]:
    """Debian's Alertmanager, with our intake as its receiver."""
    receiver = webhook_receiver(f"{stack.url}/v1/alertmanager", stack.token)
    with RealAlertmanager(tmp_path / "am", receiver) as real:
        yield real


def test_an_alert_brings_every_container_back_to_what_it_was(
    stack: Stack, application: Application, alertmanager: RealAlertmanager
) -> None:
    """Database, migration, workers, proxy, override, secret, replicas; then drift says none."""
    name = application.target.name
    stack.configure(application.target)
    before = application.deploy_both()
    assert before != application.containers()

    labels = {"alertname": "ShopDeployFailed", "severity": "critical", "service": name}
    alertmanager.fire(labels, "the newest release fails its health check", datetime.now(UTC))
    incident_id = stack.wait_for(lambda: stack.incident_of(name))

    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    assert "mitigated" == stack.incident(incident_id)["status"]
    after = application.containers()
    assert "exited" == after.pop("extra")[0]["state"], "only the bad release has it"
    assert before == after
    drift = stack.command("drift", "--target", name)
    assert 0 == drift.returncode, drift.stdout + drift.stderr
    assert "no drift" in drift.stdout
