"""What commands need for the terminal: the user's name, our version, text that is safe to print."""

from __future__ import annotations

import getpass
import os
import platform
from importlib.metadata import version
from typing import Annotated

import typer

from tasks.base.trim import clean


def plain(text: str) -> str:
    """The text without control characters: it cannot move the cursor or clear the terminal.

    Its further lines are indented, so that none of them looks like a line of ours.
    """
    return "\n      ".join(clean(text).splitlines())


def this_user() -> str:
    """The user's name, for the record; in a container that has none, the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def version_line() -> str:
    """The versions that a bug report has to name: ours, Prefect's and Python's."""
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
"""The option `--version` of `aeef`."""
