"""`aeef actions`: what is done so that incidents do not come back, and what of it is overdue."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain
from deployments.cli.verbs.way import way
from schemas.corrective.filter import action_filter_of

actions = typer.Typer(help="Corrective actions.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@actions.command("list")
def list_actions(
    incident: Annotated[
        str | None, typer.Argument(metavar="ID", help="Of this incident; without one, of all.")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    owner: Annotated[str, typer.Option(help="Who does it.")] = "",
    stage: Annotated[str, typer.Option(help="open, done, verified, waived; with commas.")] = "",
    as_json: AsJson = False,
) -> None:
    """List corrective actions, newest first; overdue ones the longest overdue first."""
    given = {"incident": incident or "", "overdue": overdue, "owner": owner, "stage": stage}
    found = way().actions(action_filter_of(given))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for each in found:
        typer.echo(plain(_line(each)))
    if not found:
        typer.echo("no corrective action is overdue" if overdue else "there is none")


@actions.command()
def show(
    action: Annotated[str, typer.Argument(metavar="CA-N", help="As the list names it.")],
    as_json: AsJson = False,
) -> None:
    """Show one: what is asked later, what was seen, its ticket."""
    number = action.upper().removeprefix("CA-")
    of = way().actions(action_filter_of({"incident": f"CA-{number}"}))
    found = next(each for each in of if str(each["number"]) == number.lstrip("0"))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(plain(_line(found)))
    if "cannotBeRead" in found:
        raise typer.Exit(1)
    for name, said in (
        ("asks", found["asks"]),
        ("ticket", found["ticketUrl"] or found.get("ticket")),
        ("incident", found["incidentId"]),
        ("added", f"{found['createdAt'][:16]} by {found['createdBy']}"),
    ):
        if said:
            typer.echo(plain(f"  {name}: {said}"))
    for effect in found["effects"]:
        worked = {True: "it held", False: "it did NOT work"}.get(effect.get("worked"), "not seen")
        after = f"after {effect['afterDays']:g} days, {effect['at'][:16]}"
        typer.echo(plain(f"  {after}, {effect['by']}: {worked}: {effect['seen']}"))


def _line(each: dict[str, Any]) -> str:
    if why := each.get("cannotBeRead"):
        return str(why)
    late = "OVERDUE " if each["overdue"] else ""
    return f"{each['reference']}  {late}{each['category']}, {each['stands']}: {each['text']}"
