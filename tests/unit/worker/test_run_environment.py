"""A run gets the variables that are allowed, and neither a command nor a folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from pydantic import ValidationError

from deployments.prefect_server.settings import HEARTBEAT_SECONDS
from deployments.worker import run_environment
from deployments.worker.job import WarmJob
from deployments.worker.stock import StockJob
from schemas.settings import WorkerSettings

EVIL = {
    "AEEF_CONFIG": "/tmp/evil.toml",
    "PATH": "/tmp/evil",
    "LD_PRELOAD": "/tmp/evil.so",
    "PYTHONPATH": "/tmp/evil",
    "PREFECT_API_URL": "http://evil.example/api",
    "PREFECT_LOGGING_SETTINGS_PATH": "/tmp/evil.yml",
    "PREFECT__FLOW_ENTRYPOINT": "evil.py:flow",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "86400",
    "ANYTHING": "else",
}
FINE = {
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": HEARTBEAT_SECONDS,
    "TEAM": "payments",
}


@pytest.fixture(autouse=True)
def team_is_allowed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As `[worker] run_variables` says."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    monkeypatch.setenv("AEEF_WORKER__RUN_VARIABLES", '["TEAM"]')
    run_environment.allowed.cache_clear()
    with temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield
    run_environment.allowed.cache_clear()


@pytest.mark.parametrize("kind", [WarmJob, StockJob])
@pytest.mark.parametrize("source", ["run", "deployment"])
def test_what_is_not_allowed_is_taken_out_and_named(
    kind: type[WarmJob | StockJob], source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By the log of the run, too, and without its value."""
    given = {"env": EVIL, "command": "sh -c evil", "working_dir": "/tmp/evil", "env.PATH": "/evil"}
    run = FlowRun(flow_id=uuid4(), job_variables=given if source == "run" else {})
    deployment = DeploymentResponse(
        flow_id=uuid4(),
        name="test",
        job_variables=given if source == "deployment" else {},
        entrypoint="flows.drift",
        labels={},
    )
    job = kind(env={**EVIL, **_values(FINE, but="PREFECT_FLOWS")}, command="sh -c evil")

    with caplog.at_level(logging.WARNING):
        job.prepare_for_flow_run(run, deployment)

    assert not {(n, v) for n, v in EVIL.items() if job.env.get(n) == v}
    assert ("DEBUG", "payments") == (job.env["PREFECT_LOGGING_LEVEL"], job.env["TEAM"])
    assert "evil" not in str(job.command)
    assert getattr(job, "working_dir", None) is None
    for logger in ("aeef.worker", "prefect.flow_runs"):
        [said] = [each.getMessage() for each in caplog.records if each.name == logger]
        for name in (*EVIL, "command", "working_dir"):
            assert repr(name) in said
        assert "/tmp/evil" not in said


def test_what_is_allowed_stays_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """The heartbeats of our deployments are allowed as they are."""
    job = StockJob(env=dict(FINE))

    with caplog.at_level(logging.WARNING):
        job.prepare_for_flow_run(FlowRun(flow_id=uuid4()))

    assert job.env.items() >= FINE.items()
    assert [] == caplog.records


@pytest.mark.parametrize(
    "name", ["AEEF_HOME", "PREFECT_API_URL", "LD_PRELOAD", "PYTHONPATH", "PATH", "A B", "A=B", ""]
)
def test_a_variable_that_decides_what_runs_cannot_be_allowed(name: str) -> None:
    """A mistake in the settings, with the reason."""
    with pytest.raises(ValidationError, match="would choose what it does"):
        WorkerSettings(run_variables=(name,))


def _values(given: dict[str, str], but: str) -> dict[str, str]:
    return {name: value for name, value in given.items() if not name.startswith(but)}
