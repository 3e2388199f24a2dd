"""`aeef isolate` and `aeef restore`."""

from __future__ import annotations

from typing import Annotated

import typer

from deployments.prefect_server.settings import use_prefect
from schemas.settings import Settings, load_settings

Target = Annotated[str | None, typer.Option(help="Needed when there are several.")]
Services = Annotated[
    list[str] | None, typer.Option("--service", help="Only this one; may be given often.")
]
Incident = Annotated[str | None, typer.Option(help="Put it on this incident's record.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _settings() -> Settings:
    settings = load_settings()
    use_prefect(settings)
    return settings


def isolate(
    target: Target = None,
    service: Services = None,
    reason: Annotated[str, typer.Option(help="For the record.")] = "no reason given",
    incident: Incident = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take services off every network now, with evidence: it needs neither Prefect nor intake."""
    settings = _settings()
    from deployments.cli.isolation_by_hand import isolate as run

    run(
        settings,
        target,
        service or [],
        reason=reason,
        incident=incident,
        dry_run=dry_run,
        as_json=as_json,
    )


def restore(
    approver: Annotated[str, typer.Option(help="The name of the person who approves.")],
    target: Target = None,
    service: Services = None,
    incident: Incident = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give isolated services back what they had, exactly; undoes `aeef isolate`."""
    settings = _settings()
    from deployments.cli.isolation_by_hand import restore as run

    run(
        settings,
        target,
        service or [],
        approver=approver,
        incident=incident,
        dry_run=dry_run,
        as_json=as_json,
    )
