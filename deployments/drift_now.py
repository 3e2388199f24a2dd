"""`aeef drift`: assess targets in this process; nothing is changed, and no incident is opened."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import typer

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.assess_drift import assess
from tasks.roll_back import target_named

NO_DRIFT, UNKNOWN, DRIFT = 0, 1, 3
"""Exit codes; 2 is a mistake on the command line."""


def show_drift(settings: Settings, target_name: str | None, *, as_json: bool) -> int:
    """Print what deviates; the exit code: 3 for drift, 1 where it could not be told, else 0."""
    if target_name is not None:
        targets = [target_named(target_name, settings)]
    else:
        targets = list(settings.targets.values())
    if not targets:
        raise ConfigurationError("no target is configured: add a [targets.NAME] table to aeef.toml")
    with ThreadPoolExecutor(len(targets)) as pool:
        reports = list(pool.map(lambda target: assess(target, settings), targets))
    if as_json:
        found = [{**report.to_json(), "status": report.status} for report in reports]
        typer.echo(json.dumps(found, indent=2))
    else:
        for report in reports:
            typer.echo(report.text())
    statuses = {report.status for report in reports}
    return DRIFT if "drift" in statuses else UNKNOWN if "unknown" in statuses else NO_DRIFT
