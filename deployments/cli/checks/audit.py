"""`aeef audit`: verifies the record, and accepts on record that anchors are missing."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import uuid4

import typer

from deployments.cli.general import list_general
from deployments.cli.terminal import plain, this_user
from schemas.errors import AuditBroken
from schemas.settings import load_settings
from tasks.evidence.anchors.compare import accept_outside, compare_outside
from tasks.evidence.anchors.outside import anchor_outside
from tasks.store import open_store
from tasks.store.fingerprints import machine_of

audit = typer.Typer(help="The audit log.", no_args_is_help=True)
audit.command("list")(list_general)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@audit.command()
def verify(
    full: Annotated[
        bool, typer.Option("--full", help="All of it, not from what was verified last.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Verify chain, anchors, records and evidence; exit code 1 names the first broken link.

    The anchors outside are compared, too; one that cannot be is named.
    """
    settings = load_settings()
    outside = compare_outside(settings)  # each is looked at, also when the chain is broken
    try:
        summary = open_store(settings).verify_audit(full=full)
    except AuditBroken as error:
        raise AuditBroken("; ".join([str(error), *(each.in_words for each in outside)])) from None
    if wrong := [each.in_words for each in outside if each.same is False]:
        raise AuditBroken("; ".join(wrong))
    if as_json:
        data = {**summary._asdict(), "elsewhere": dict(summary.elsewhere)}
        data["outside"] = [each._asdict() for each in outside]
        typer.echo(json.dumps({name: data[name] for name in data if name != "files_read"}))
        return
    typer.echo(plain(f"the audit log is intact: {summary.in_words}; head {summary.head}"))
    for each in outside:
        typer.echo(plain(each.in_words))


@audit.command()
def anchor(as_json: AsJson = False) -> None:
    """Put the chain's head to every place outside now; exit code 1 when one does not have it."""
    found = anchor_outside(load_settings(), by=this_user())
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in found], indent=2))
    else:
        for each in found:
            typer.echo(
                plain(f"anchor {each.name}: {'' if each.is_there else 'FAILED: '}{each.words}")
            )
    if not found:
        typer.echo("nothing is anchored outside: there are no [[anchors]], or no audit entry")
    if not all(each.is_there for each in found):
        raise typer.Exit(1)


@audit.command()
def accept(
    reason: Annotated[str, typer.Option(help="Why they are missing; goes on record.")],
) -> None:
    """Accept that anchors are missing on this machine, and that places outside do not fit.

    With who and why, on record.
    """
    if not reason.strip():
        raise typer.BadParameter("--reason must say why anchors are missing")
    settings = load_settings()
    entry = open_store(settings).accept_missing_anchors(reason.strip(), actor=this_user())
    typer.echo(plain(f"on record as audit entry {entry.seq}: {entry.action}"))
    for line in accept_outside(settings, reason.strip(), this_user()):
        typer.echo(plain(line))
    typer.echo("now run `aeef audit verify --full`")


@audit.command("accept-secrets")
def accept_secrets(
    reason: Annotated[str, typer.Option(help="Why they are others; goes on record.")],
) -> None:
    """Make this machine's masking key and salt those that all others are compared with."""
    if not reason.strip():
        raise typer.BadParameter("--reason must say why the secrets are others")
    settings = load_settings()
    store = open_store(settings)
    text = f"accepted the masking key and salt of {machine_of(settings)}: {reason.strip()}"
    store.record_general(text, actor=this_user(), automated=False, entry_id=uuid4())
    store.accept_secrets(machine_of(settings))
    typer.echo("this machine's secrets are the store's from now on: give them to all others")
