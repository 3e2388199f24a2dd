"""`aeef freeze`: may anything be deployed on a target? For pipelines, and for people."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from schemas.errors import AeefError
from schemas.settings import load_settings
from tasks.store import open_store

freeze = typer.Typer(help="Freeze deployments on a target.", no_args_is_help=True)

FROZEN = 3
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TargetOption = Annotated[str, typer.Option("--target", help="The target's name.")]
Approver = Annotated[
    str, typer.Option(help="A name, for the record: only where no approvers are configured.")
]
IncidentOption = Annotated[
    str | None, typer.Option(help="The incident; without one: all, or a record of its own.")
]


@freeze.command()
def status(target: TargetOption, as_json: AsJson = False) -> None:
    """Exit code 0: not frozen, 3: frozen, 1: unknown, so do not deploy."""
    from tasks.deploy.freezes import frozen_by, read_freeze

    settings = load_settings()
    named = settings.target(target)
    why = frozen_by(named, settings.home)
    if as_json:
        present = read_freeze(target, settings.home)
        incidents = [each.to_json() for each in present.incidents] if present else []
        answer = {"target": target, "frozen": why is not None, "incidents": incidents}
        typer.echo(json.dumps(answer, indent=2))
    else:
        typer.echo(plain(why or f"deployments on {target} are not frozen"))
    raise typer.Exit(FROZEN if why else 0)


@freeze.command("on")
def freeze_on(
    target: TargetOption,
    approver: Approver = "",
    incident: IncidentOption = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Only say what would be done.")] = False,
) -> None:
    """Freeze: nothing is deployed on the target until it is released; on record."""
    from tasks.deploy.freeze_target import approver_of_freeze, freeze_target, plan_freeze
    from tasks.do import Directly
    from tasks.incident.open_by_hand import open_for_freeze

    settings = load_settings()
    named = settings.target(target)
    name = approver_of_freeze(approver, target, this_user(), settings)
    if dry_run:
        typer.echo(plain(plan_freeze(named, settings)))
        return
    found = (
        open_store(settings).incident(incident)
        if incident
        else open_for_freeze(target, name, reason, settings)
    )
    do = Directly(str(found.incident_id), this_user())
    done = do(freeze_target, target, name, reason)
    typer.echo(plain(f"{done} (incident {found.incident_id})"))


@freeze.command()
def release(target: TargetOption, approver: Approver = "", incident: IncidentOption = None) -> None:
    """Release: deployments are allowed again, once that is approved; on record."""
    from tasks.deploy.freeze_target import release as end
    from tasks.deploy.freezes import frozen_by, read_freeze
    from tasks.do import Directly

    settings = load_settings()
    named = settings.target(target)
    store = open_store(settings)
    present = read_freeze(target, settings.home)
    held = [each.incident_id for each in present.incidents] if present else []
    chosen = [str(store.incident(incident).incident_id)] if incident else held
    for each in chosen:
        typer.echo(plain(end(Directly(each, this_user()), store.alert(each), target, approver)))
    if why := frozen_by(named, settings.home):
        raise AeefError(f"still frozen: {why}")
    if not chosen:
        typer.echo(f"deployments on {target} are not frozen")
