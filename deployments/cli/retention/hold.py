"""`aeef hold`: legal holds, of one incident or of all that a filter fits."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain, this_user
from deployments.cli.verbs.verbs import show
from deployments.cli.verbs.way import way
from schemas.errors import InvalidInput
from schemas.lifecycle import filter_of
from schemas.retention import Hold
from schemas.settings import load_settings
from tasks.people.holding import HOLD
from tasks.store import open_store

hold = typer.Typer(help="Legal holds: what is held is never deleted.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why; goes on record.")]


@hold.command()
def add(
    incident_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One incident; else say which.")
    ] = None,
    reason: Reason = "",
    severity: Annotated[str, typer.Option(help="One or several, separated by commas.")] = "",
    incident_type: Annotated[str, typer.Option("--type", help="One or several.")] = "",
    status: Annotated[str, typer.Option(help="One or several, separated by commas.")] = "",
    service: Annotated[str, typer.Option(help="Which is affected.")] = "",
    since: Annotated[str, typer.Option(help="Detected then or later: 2026-11-24T10:00Z.")] = "",
    q: Annotated[str, typer.Option("--q", help="Words that stand in it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Hold one incident, or all that fit, also those that come: nothing of them is deleted."""
    if not reason.strip():
        raise InvalidInput("aeef hold add needs --reason (why; goes on record)")
    given: dict[str, Any] = {
        "severity": severity, "type": incident_type, "status": status, "service": service, "q": q,
        **({"since": since} if since else {}),
    }  # fmt: skip
    if incident_id is not None:
        if any(given.values()):
            raise InvalidInput("give an incident, or what to look for: not both")
        show(way().do(HOLD.name, incident_id, {"reason": reason}), as_json=as_json)
        return
    store = open_store(load_settings())
    made = store.retention.hold(wanted=filter_of(given), reason=reason, actor=this_user())
    _print(made, as_json=as_json)


@hold.command("list")
def list_holds(
    every: Annotated[bool, typer.Option("--all", help="Those that were released, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the holds that stand."""
    holds = open_store(load_settings()).retention.holds()
    shown = [each for each in holds if every or each.ended_at is None]
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in shown], indent=2))
        return
    for each in shown:
        _print(each, as_json=False)
    if not shown:
        typer.echo("nothing is held")


@hold.command()
def release(
    number: Annotated[int, typer.Argument(help="As `aeef hold list` shows it.")],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Release a hold: what is due may go again."""
    if not reason.strip():
        raise InvalidInput("aeef hold release needs --reason (why; goes on record)")
    store = open_store(load_settings())
    _print(store.retention.release(number, reason=reason, actor=this_user()), as_json=as_json)


def _print(each: Hold, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(each.to_json(), indent=2))
        return
    line = f"{each.number}  {each.at:%Y-%m-%d %H:%M}  {each.covers}: {each.reason}  ({each.actor})"
    if each.ended_at is not None:
        line += f"; released {each.ended_at:%Y-%m-%d %H:%M} by {each.ended_by}: {each.ended_why}"
    typer.echo(plain(line))
