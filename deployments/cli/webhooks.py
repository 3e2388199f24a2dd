"""`aeef webhooks`: where events go, what a receiver never took, and sending that again."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

import typer

from deployments.cli.terminal import plain
from schemas.errors import AeefError, InvalidInput
from schemas.settings import Settings, load_settings
from tasks.store import open_store
from tasks.store.webhooks.delivery import State

webhooks = typer.Typer(help="Events to other systems.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List the webhooks: what was delivered, what waits, what is dead."""
    settings = load_settings()
    known = {each.webhook: each for each in open_store(settings).webhooks.states()}
    names = sorted({*settings.webhooks, *known})
    states = [known.get(name, State(webhook=name)) for name in names]
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in states], indent=2))
        return
    for each in states:
        there = settings.webhooks.get(each.webhook)
        place = there.place if there else "no longer in the settings"
        last = f", last {each.delivered_at:%Y-%m-%d %H:%M:%S}" if each.delivered_at else ""
        typer.echo(
            plain(
                f"{each.webhook}  {place}: {each.delivered} delivered{last},"
                f" {each.waiting} waiting, {each.dead} dead"
            )
        )
        if each.last_error:
            typer.echo(plain(f"  {each.last_error}"))
    if not states:
        typer.echo("no webhooks: [webhooks.NAME] in aeef.toml makes one")


@webhooks.command()
def dead(as_json: AsJson = False) -> None:
    """List what no receiver took: it is not tried any longer."""
    found = open_store(load_settings()).webhooks.dead()
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in found], indent=2))
        return
    for each in found:
        typer.echo(
            plain(
                f"{each.event_id}  {each.occurred_at:%Y-%m-%d %H:%M:%S}  {each.webhook}"
                f"  {each.event} of {each.incident_id}: {each.attempts} tries; {each.error}"
            )
        )
    if not found:
        typer.echo("nothing is dead")


@webhooks.command()
def retry(
    event: Annotated[UUID | None, typer.Argument(help="As `aeef webhooks dead` lists it.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Everything dead of this one.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is dead.")] = False,
) -> None:
    """Try again what is dead; the intake sends it within seconds."""
    if event is None and webhook is None and not every:
        raise typer.BadParameter("say which: an event, --webhook NAME or --all")
    settings = load_settings()
    count = open_store(settings).webhooks.retry(event, webhook)
    if not count:
        raise InvalidInput("nothing of that is dead: `aeef webhooks dead` lists what is")
    typer.echo(f"{count} will be tried again")


def webhook_in_words(name: str, settings: Settings) -> str:
    """How a webhook does, for `aeef doctor`. Raises AeefError when something is dead."""
    states = {each.webhook: each for each in open_store(settings).webhooks.states()}
    state = states.get(name, State(webhook=name))
    if state.dead:
        raise AeefError(
            f"{state.dead} events were never taken ({state.last_error}): see"
            f" `aeef webhooks dead`, mend the receiver, `aeef webhooks retry --webhook {name}`"
        )
    waiting = f"{state.waiting} wait ({state.last_error})" if state.last_error else "none waits"
    return f"{settings.webhooks[name].place}: {state.delivered} delivered, {waiting}"
