"""`aeef armed`: the table of all levers as they were tried last."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from deployments.cli.terminal import plain
from schemas.settings import load_settings
from tasks.armed.lever import Outcome
from tasks.armed.table import lines_of, read_table


def armed(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which levers would work, as they were tried last: exit code 1 when one would not."""
    table = read_table(load_settings().home)
    if table is None:
        typer.echo("no lever was tried yet: `aeef up` does so, and `aeef doctor` tries them now")
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps({"headline": table.headline, **table.to_json()}, indent=2))
    else:
        typer.echo(plain(f"{table.headline} (tried at {table.at:%Y-%m-%d %H:%M} UTC)"))
        for line in lines_of(table.rows):
            typer.echo(plain(line))
    raise typer.Exit(int(any(row.outcome is Outcome.DISARMED for row in table.rows)))
