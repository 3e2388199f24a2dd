"""`aeef review ID`: how far it is, what is missing; to edit it, and to take it away."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.review.edit import edit, save_file
from deployments.cli.review.show import describe
from deployments.cli.terminal import plain
from deployments.cli.verbs.way import way
from schemas.errors import AeefError

Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as in #1284, or the id.")]


class Export(StrEnum):
    """What a review is exported as."""

    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"


ENDINGS = {Export.MARKDOWN: "md", Export.HTML: "html", Export.PDF: "pdf"}


def review(
    incident_id: Id,
    edit_it: Annotated[
        bool, typer.Option("--edit", help="Open it in $VISUAL or $EDITOR, and save what changed.")
    ] = False,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="Save what changed in a file of --edit.")
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Draft it from the record again; texts stay.")
    ] = False,
    export: Annotated[
        Export | None, typer.Option(help="Take it away as this; who did is on record.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Export to this file instead of the terminal.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the review of an incident; write it as Markdown; take it away."""
    if sum(map(bool, (edit_it, from_file, draft, export, as_json))) > 1:
        raise typer.BadParameter("give one of --edit, --from, --draft, --export, --json")
    if output is not None and export is None:
        raise typer.BadParameter("--output is for --export")
    there = way()
    if edit_it:
        raise typer.Exit(edit(incident_id, there))
    if from_file is not None:
        raise typer.Exit(save_file(incident_id, from_file, there))
    if draft:
        typer.echo(plain(str(there.do("review-draft", incident_id, {})["said"])))
        return
    if export is not None:
        _write(there.review_file(incident_id, ENDINGS[export]), output)
        return
    data = there.review(incident_id)
    if as_json:
        typer.echo(json.dumps(data, indent=2))
        return
    for line in describe(data):
        typer.echo(plain(line))


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise AeefError(f"{output} cannot be written: {error.strerror}") from None
