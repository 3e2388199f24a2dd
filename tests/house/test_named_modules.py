"""Modules that are named in strings are there: no import would show that one has moved."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec

import pytest

from deployments.registry.catalog import DEPLOYED, FlowRow, ScheduledRow, imported
from deployments.worker.preload import LAZY
from support import ROOT

OURS = r"(?:schemas|tasks|flows|deployments)(?:\.\w+)+"
STARTED = re.compile(rf'"({OURS})(?::(\w+))?"')
"""A whole string that is one of our modules, perhaps with a function: what is run by its name."""


def started() -> list[tuple[str, str]]:
    """Each that stands in deployments/ or pyproject.toml, with the function, if any."""
    files = [*(ROOT / "deployments").rglob("*.py"), ROOT / "pyproject.toml"]
    found = {match for path in files for match in STARTED.findall(path.read_text("utf-8"))}
    entrypoints = {row.entrypoint for row in DEPLOYED}
    return sorted(each for each in found if each[0] not in entrypoints)


@pytest.mark.parametrize("module", LAZY)
def test_what_the_worker_imports_beforehand_is_there(module: str) -> None:
    """A name that is no more would only make every run slower."""
    assert import_module(module)


@pytest.mark.parametrize("row", DEPLOYED, ids=lambda row: row.deployment)
def test_every_flow_stands_where_its_row_says(row: FlowRow | ScheduledRow) -> None:
    """Its entry point can be imported."""
    assert imported(row.entrypoint)


@pytest.mark.parametrize(("module", "function"), started())
def test_what_is_started_by_its_name_is_there(module: str, function: str) -> None:
    """`python -m`, uvicorn's factory, the command `aeef`."""
    assert find_spec(module)
    if function:
        assert callable(getattr(import_module(module), function))


def test_the_programs_of_aeef_up_are_among_them() -> None:
    """The pattern above still finds them."""
    assert {
        "deployments.prefect_server.embedded",
        "deployments.intake.main",
        "deployments.dispatcher.main",
        "deployments.worker.main",
        "deployments.worker.parent",
        "deployments.cli.app",
    } <= {module for module, _ in started()}
