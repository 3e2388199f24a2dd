"""`aeef recovery`: what is frozen or watched after a containment, and what it waits for."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from schemas.errors import NotPossibleNow
from schemas.recovery import Recovery, lacks
from schemas.settings import Settings, load_settings
from tasks.recovery.gate import proven_fix, rules_of
from tasks.store import open_store

recovery = typer.Typer(help="What is frozen or watched after a containment.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident's number or id.")]


@recovery.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List what recovers, and what is missing before people may sign off."""
    settings = load_settings()
    rows = [
        (each, _waits_for(each, settings)) for each in open_store(settings).recoveries.going_on()
    ]
    if as_json:
        shown = [each.to_json() | {"waitsFor": waits} for each, waits in rows]
        typer.echo(json.dumps(shown, indent=2))
        return
    for each, waits in rows:
        incident = open_store(settings).incident(each.incident_id)
        typer.echo(plain(f"{each.target}  {incident.title}: {'; '.join(waits)}"))
    if not rows:
        typer.echo("nothing recovers")


@recovery.command()
def action(
    incident_id: Id, text: Annotated[str, typer.Argument(help="What is done about the cause.")]
) -> None:
    """Put the first corrective action on record."""
    if not text.strip():
        raise typer.BadParameter("say what is done about the cause")
    said = " ".join(text.split())
    _change(incident_id, f"first corrective action: {said}", corrective_action=said)


@recovery.command()
def authority(
    incident_id: Id,
    reference: Annotated[str, typer.Option(help="By which letter or number it was informed.")],
) -> None:
    """Put on record that the authority is informed: what it held up may be changed."""
    if not reference.strip():
        raise typer.BadParameter("say by which letter or number it was informed")
    said = " ".join(reference.split())
    _change(incident_id, f"the authority is informed: {said}", authority=said)


def _change(incident_id: str, text: str, **fields: str) -> None:
    store = open_store(load_settings())
    found = [each for each in store.recoveries.of(incident_id) if each.ended_at is None]
    if not found:
        raise NotPossibleNow(f"nothing recovers from {store.incident(incident_id).title}")
    for each in found:
        store.recoveries.change(each, text, actor=this_user(), **fields)
    typer.echo(plain(f"on record: {text}"))


def _waits_for(each: Recovery, settings: Settings) -> list[str]:
    target = settings.targets.get(each.target)
    if target is None:
        return ["its target is no longer configured"]
    if each.watch_until is not None:
        return [f"watched until {each.watch_until:%Y-%m-%d %H:%M} UTC ({each.looks} looks)"]
    rules = rules_of(target, settings)
    sign_offs = [f"sign-offs: {rules.rule}"] if rules.is_on else []
    return [*lacks(each, rules, proven_fix(target, each.failing)), *sign_offs]
