"""Fixture: the command `aeef`, in this process, as a shell sees it."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deployments.cli.app import main
from fixtures_intake import TOKEN, Intake
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import load_settings
from tasks.store import Store, open_store


class Printed(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON data."""
        return json.loads(self.out)


Aeef = Callable[..., Printed]


@pytest.fixture
def aeef(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Aeef]:
    """Run `aeef …`. Its AEEF_HOME is a fresh one, and Prefect is away."""
    before = dict(os.environ)
    log = logging.getLogger("aeef")
    kept = (log.handlers[:], log.level, log.propagate)
    os.environ["AEEF_HOME"] = str(home)

    def run(*arguments: str) -> Printed:
        monkeypatch.setattr(sys, "argv", ["aeef", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Printed(int(ended.value.code or 0), captured.out, captured.err)

    yield run
    log.handlers[:], log.level, log.propagate = kept
    if home.exists():
        open_store(load_settings()).close()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def cli_store(aeef: Aeef) -> Store:
    """The store that the command uses."""
    return open_store(load_settings())


@pytest.fixture
def reported(cli_store: Store) -> Incident:
    """An open incident of severity P1."""
    alert = Alert(description="shop answers 500", service="shop", source="test")
    return cli_store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1).incident


@pytest.fixture
def there(intake: Intake, aeef: Aeef, monkeypatch: pytest.MonkeyPatch) -> Intake:
    """The command knows this intake."""
    monkeypatch.setenv("AEEF_INTAKE__PORT", str(intake.settings.intake.port))
    monkeypatch.setenv("AEEF_INTAKE__TOKEN", TOKEN)
    return intake
