"""`aeef quality`: measure targets in this process; no incident is opened, nobody is notified."""

from __future__ import annotations

import json

import typer

from schemas.errors import ConfigurationError, InvalidInput
from schemas.settings import Settings, Target
from tasks.base.trim import clean
from tasks.quality.assess_quality import assess
from tasks.quality.assign_investigation import find_owner
from tasks.quality.baseline import save_summary
from tasks.quality.measure_quality import Reports, measure, reports_of
from tasks.quality.wording import lines_of
from tasks.target.repository import TargetRepository

GOOD, POOR = 0, 3
"""Exit codes; 1 is an error, 2 a mistake on the command line."""


def show_quality(settings: Settings, target_name: str | None, *, save: bool, as_json: bool) -> int:
    """Print what was measured and who would investigate; 3 when it fell or is below a threshold.

    save: also keep each target's figures as `<summaries>/<commit>.json`, for later comparison.
    """
    if target_name is not None:
        targets = [settings.target(target_name)]
    else:
        targets = [each for each in settings.targets.values() if each.quality]
    if not targets:
        raise ConfigurationError("no target has a [targets.NAME.quality] table in aeef.toml")
    found = []
    code = GOOD
    for target in targets:
        reports = _reports(target)
        assessment = assess(target, reports)
        investigation = find_owner(target, assessment, settings)
        if assessment.shortfalls or assessment.fell:
            code = POOR
        found.append({**assessment.to_json(), "investigation": investigation.to_json()})
        if not as_json:
            typer.echo(clean("\n".join(lines_of(assessment, investigation))))
        if save:
            _save(target, reports)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    return code


def _reports(target: Target) -> Reports:
    reports = reports_of(target, {})
    if not reports:
        raise InvalidInput(
            f"target {target.name} names no report: set coverage or mutation in"
            f" [targets.{target.name}.quality]"
        )
    return reports


def _save(target: Target, reports: Reports) -> None:
    with TargetRepository(target) as repository:
        path = save_summary(repository, measure(repository, reports).report)
    typer.echo(f"saved {path}", err=True)
