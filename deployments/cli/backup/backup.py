"""`aeef backup`, `aeef restore-backup` and `aeef store move`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from schemas.errors import InvalidInput
from schemas.settings import load_settings

store = typer.Typer(help="The database of incidents.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def backup(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to make; .gz: compressed."),
    ] = None,
    drill: Annotated[
        bool,
        typer.Option("--drill", help="Make one, restore it elsewhere, verify it, remove it."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up store, evidence, anchors, keys and settings (without secrets), while all runs."""
    from tasks.backup.backup import back_up
    from tasks.backup.drill import drill as try_out

    settings = load_settings()
    if drill == (output is not None):
        raise InvalidInput("give -o FILE, or --drill")
    if output is None:
        done = try_out(settings, actor=this_user())
        shown = {**done._asdict(), "at": done.at.isoformat()}
        typer.echo(json.dumps(shown) if as_json else plain(done.in_words))
        return
    manifest = back_up(settings, output.absolute())
    if as_json:
        typer.echo(manifest.model_dump_json(by_alias=True, exclude={"files"}))
        return
    size = output.stat().st_size
    typer.echo(
        plain(
            f"{output}: {manifest.incidents} incidents, audit log up to entry {manifest.seq}, "
            f"{len(manifest.files)} files, {size / 1e6:.1f} MB. It holds keys: keep it as you keep "
            f"evidence. Check it: aeef restore-backup {output} --check"
        )
    )


def restore_backup(
    file: Annotated[Path, typer.Argument(help="Made by `aeef backup`.")],
    check: Annotated[
        bool, typer.Option("--check", help="Verify it in a temporary place; touch nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty AEEF_HOME; with --check only verify it."""
    from tasks.backup.restore import check as try_out
    from tasks.backup.restore import restore

    if not file.is_file():
        raise InvalidInput(f"there is no file {file}")
    settings = None if check else load_settings()
    done = try_out(file) if settings is None else restore(file, settings, actor=this_user())
    if as_json:
        manifest = done.manifest.model_dump(mode="json", by_alias=True, exclude={"files"})
        typer.echo(json.dumps({"manifest": manifest, "entries": done.summary.entries}))
        return
    typer.echo(plain(done.in_words))
    if settings is not None:
        typer.echo(
            plain(
                f"restored into {settings.home}. Set the secrets of aeef.toml anew ([hidden] "
                "stands for each), then: aeef doctor"
            )
        )


@store.command()
def move(
    to: Annotated[
        str,
        typer.Option(
            help="postgresql://USER@HOST/NAME, an empty database; `-`: read it from the input, so"
            " that no password is on the command line."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Copy the whole store into another database, and verify it there. Stop `aeef up` first."""
    from tasks.backup.move import move as carry

    url = sys.stdin.readline().strip() if to == "-" else to
    counts = carry(load_settings(), url, actor=this_user())
    if as_json:
        typer.echo(json.dumps(counts, indent=1))
        return
    rows = sum(counts.values())
    typer.echo(
        plain(
            f"{rows} rows of {len(counts)} tables moved and counted; the audit log is intact there."
            " Set AEEF_DATABASE_URL to it for every process before you start any; what is here"
            " stays, and is not used any longer"
        )
    )
