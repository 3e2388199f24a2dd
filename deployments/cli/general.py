"""`aeef audit list`: the entries of the audit log that belong to no incident."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from deployments.cli.terminal import plain
from schemas.settings import load_settings
from tasks.store import open_store


def list_general(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what belongs to no incident, newest first: for instance what people did in Prefect."""
    entries = open_store(load_settings()).general_entries(limit)
    if as_json:
        typer.echo(json.dumps([entry.to_json() for entry in entries], indent=2))
        return
    for entry in entries:
        when = f"{entry.timestamp:%Y-%m-%d %H:%M:%S}"
        typer.echo(plain(f"{when}  {entry.action}  ({entry.actor})"))
    if not entries:
        typer.echo("no entries")
