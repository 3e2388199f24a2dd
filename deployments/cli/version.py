"""`aeef --version`: what a report of a problem has to name."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Annotated

import typer


def version_line() -> str:
    """Our version, Prefect's and Python's."""
    ours, prefect = version("aeef-runbooks"), version("prefect")
    return f"aeef {ours} (Prefect {prefect}, Python {platform.python_version()})"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version_line())
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="Print it, and exit.", callback=_print_version, is_eager=True),
]
"""The option of the command itself."""
