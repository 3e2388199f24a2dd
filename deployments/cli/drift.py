"""`aeef drift`: assess targets in this process; accept what runs as the baseline."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import typer

from deployments.cli.terminal import plain, this_user
from schemas.drift import LONGEST_NOTE, DriftReport, shown
from schemas.errors import AeefError, ConfigurationError
from schemas.settings import Settings, Target
from tasks.base.trim import clean
from tasks.drift.accept_drift import accept_drift
from tasks.drift.assess_drift import assess
from tasks.drift.blindness import blindness_of

NO_DRIFT, UNKNOWN, DRIFT = 0, 1, 3
"""Exit codes; 2 is a mistake on the command line."""


def show_drift(settings: Settings, target_name: str | None, *, as_json: bool) -> int:
    """Print the drift; returns the exit code: 3 for drift, 1 if it is unknown, else 0."""
    if target_name is not None:
        targets = [settings.target(target_name)]
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
            typer.echo(clean(report.text()))
    statuses = {report.status for report in reports}
    return DRIFT if "drift" in statuses else UNKNOWN if "unknown" in statuses else NO_DRIFT


def drift_in_words(target: Target, settings: Settings) -> str:
    """What `aeef doctor` says of a target: the drift now, and what of it cannot be compared.

    Raises AeefError when a part cannot be read: drift could hide there.
    """
    report = assess(target, settings)
    blind = blindness_of(target.name, settings.home)
    if report.unreadable:
        since = f"; {blind}" if blind else ""
        raise AeefError(f"cannot be looked at: {report.why_unknown}{since}")
    said = [report.headline.removeprefix(f"{target.name}: ")]
    if report.status != "unknown":
        said += [f"not compared: {shown(note, LONGEST_NOTE)}" for note in report.not_compared]
    return clean("; ".join(said))


def accept(settings: Settings, target_name: str, reason: str, *, sure: bool) -> int:
    """Show what differs, ask, and make it the baseline; exit codes as in `show_drift`."""

    def agrees(found: DriftReport) -> bool:
        typer.echo(clean(found.text()))
        return sure or typer.confirm("accept all of this as the baseline?")

    target = settings.target(target_name)
    found, incident = accept_drift(target, this_user(), reason, settings, agrees)
    if incident is not None:
        typer.echo(plain(f"accepted; on record as {incident.title}"))
        return NO_DRIFT
    if found.differences:
        typer.echo("nothing was accepted")
        return DRIFT
    typer.echo(clean(found.headline))
    return NO_DRIFT if found.status == "none" else UNKNOWN
