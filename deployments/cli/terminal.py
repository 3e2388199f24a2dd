"""What commands need for the terminal: the user, our version, text that is safe to print."""

from __future__ import annotations

import os
import platform
import pwd
from importlib.metadata import version
from typing import Annotated

import typer

from schemas.people import Actor, local_user
from tasks.base.trim import clean


def plain(text: str) -> str:
    """The text without control characters: it cannot move the cursor or clear the terminal.

    Its further lines are indented, so that none of them looks like a line of ours.
    """
    return "\n      ".join(clean(text).splitlines())


def this_actor() -> Actor:
    """Who works here, as the operating system has it: `LOGNAME` would be anybody's word.

    In a container that has no name for them, the number.
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return local_user(name)


def this_user() -> str:
    """Who works here, for the record: `local user ann, not proven`."""
    return this_actor().on_record


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
