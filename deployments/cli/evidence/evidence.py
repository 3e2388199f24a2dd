"""`aeef evidence`: exports incidents as one file that proves itself, and verifies such a file."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from deployments.cli.verbs.way import is_remote
from schemas.errors import AeefError, InvalidInput
from schemas.settings import load_settings
from tasks.base.storable import moment_text
from tasks.evidence.bundle.export import Asked, export_bundle
from tasks.evidence.key import KEY_FILE, signing_key
from tasks.evidence.script.assemble import verify_script
from tasks.evidence.script.verify import Bundle
from tasks.incident.export import READ
from tasks.store import open_store

evidence = typer.Typer(help="Evidence that proves itself.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@evidence.command()
def export(
    incident_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Numbers, as in #1284, or ids.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to make; it must not exist.")
    ] = None,
    first: Annotated[
        str, typer.Option("--from", help="All opened then or later: 2026-11-01T00:00Z.")
    ] = "",
    last: Annotated[str, typer.Option("--to", help="And before; by default: until now.")] = "",
    without_originals: Annotated[
        bool,
        typer.Option(
            "--without-originals",
            help="Leave out alerts as they came, in which something was masked.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make one signed file of incidents, with all that proves it. Who did is on record."""
    _require_host()
    if output is None:
        raise typer.BadParameter("--output says which file to make")
    if bool(incident_ids) == bool(first) or (last and not first):
        raise typer.BadParameter("give incidents, or --from with or without --to")
    asked = Asked(ids=tuple(incident_ids or ()))
    if first:
        end = _moment(last, "--to") if last else datetime.now(UTC)
        asked = Asked(first=_moment(first, "--from"), last=end)
    bundle = export_bundle(
        asked, output, load_settings(), by=this_user(), originals=not without_originals
    )
    _show(bundle, as_json=as_json)


@evidence.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle.")],
    fingerprint: Annotated[
        str, typer.Option(help="SHA-256 of the key that you trust; not given: nobody's.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Verify a bundle as its own script does. Exit code 1: integrity; 2: completeness; 3: both."""
    if not file.is_file():
        raise AeefError(f"there is no file {file}")
    _show(Bundle(str(file), fingerprint), as_json=as_json)


@evidence.command()
def readers(
    incident_id: Annotated[str, typer.Argument(metavar="ID", help="The number, or the id.")],
    as_json: AsJson = False,
) -> None:
    """Show who read or exported what of an incident, and when."""
    _require_host()
    found = [
        {"at": moment_text(each.timestamp), "by": each.actor, "what": each.action}
        for each in open_store(load_settings()).timeline(incident_id)
        if each.action.startswith(READ)
    ]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for each in found:
        typer.echo(plain(f"{each['at'][:19]}  {each['by']}  {each['what'].removeprefix(READ)}"))
    if not found:
        typer.echo("nobody has read or exported anything of it")


@evidence.command()
def key(as_json: AsJson = False) -> None:
    """Show whose signature bundles of this machine have; the key is made at its first use."""
    settings = load_settings()
    found = signing_key(settings, by=this_user())
    if as_json:
        data = {"fingerprint": found.fingerprint, "publicKey": found.public_pem.decode()}
        typer.echo(json.dumps(data, indent=2))
        return
    typer.echo(f"fingerprint (SHA-256): {found.fingerprint}")
    typer.echo(f"key: {settings.evidence.key or settings.home / KEY_FILE}")
    typer.echo(found.public_pem.decode(), nl=False)


@evidence.command()
def script() -> None:
    """Print the script that verifies bundles: keep it where nobody who makes them can write."""
    typer.echo(verify_script().decode(), nl=False)


def _require_host() -> None:
    if is_remote():
        raise InvalidInput("it works on the host itself: its files and its key are there")


def _show(bundle: Bundle, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(bundle.as_json(), indent=2))
    else:
        for line in bundle.words():
            typer.echo(plain(line))
    if bundle.code():
        sys.exit(bundle.code())


def _moment(text: str, option: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is no time: write 2026-11-24T10:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
