"""`aeef hooks`: the senders of the settings, a body tried without opening anything, replays."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain, this_actor
from schemas.errors import AeefError
from schemas.hooks import Hook, Proof, kinds
from schemas.settings import Settings, load_settings
from tasks.store import Store, open_store
from tasks.store.senders.refused import Refusal

hooks = typer.Typer(help="Senders that are mapped, and what was refused.", no_args_is_help=True)

WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.2
LONGEST_LINE = 160
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@hooks.command("list")
def list_hooks(as_json: AsJson = False) -> None:
    """Show each hook: its address, its ready mapping, how its sender proves who it is."""
    settings = load_settings()
    rows = [_row(name, hook, settings) for name, hook in settings.hooks.items()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        silence = f", expected every {row['expectEvery']:g} s" if row["expectEvery"] else ""
        typer.echo(
            plain(f"{row['name']}  {row['address']}  {row['kind']}, {row['proof']}{silence}")
        )
    if not rows:
        typer.echo(f"no hook is configured; there are ready mappings: {', '.join(kinds())}")


@hooks.command("try")
def try_body(
    name: Annotated[str, typer.Argument(help="A hook of the settings, or a ready mapping.")],
    file: Annotated[
        Path, typer.Argument(help="A body as the sender sends it; - reads it from here.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show what a body would open, resolve or be ignored for. Nothing is opened."""
    from deployments.cli.hooks.try_out import as_json_of, in_words, try_out

    settings = load_settings()
    body = _read(file)
    tried = try_out(name, _hook(name, settings), body, settings)
    if as_json:
        typer.echo(json.dumps(as_json_of(tried), indent=2))
    else:
        for line in in_words(tried):
            typer.echo(plain(line))
    raise typer.Exit(int(bool(tried.problems)))


@hooks.command("refused")
def show_refused(as_json: AsJson = False) -> None:
    """Show what was refused, newest first, with the reason that its sender got."""
    found = open_store(load_settings()).refused.all()
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in found], indent=2))
        return
    for each in found:
        replayed = "" if each.is_whole else "  (cannot be replayed)"
        line = f"{each.number:>5}  {each.at:%Y-%m-%d %H:%M:%S}  {each.sender}  {each.reason}"
        typer.echo(plain(f"{line}: {each.detail[:LONGEST_LINE]}{replayed}"))
    if not found:
        typer.echo("nothing that was refused is kept")


@hooks.command("replay")
def replay(
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="As `aeef hooks refused` shows it.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that can be.")] = False,
) -> None:
    """Have the running intake take what was refused, as if it came now."""
    if (number is None) is not everything:
        raise typer.BadParameter("give the number of one message, or --all")
    store = open_store(load_settings())
    chosen = _chosen(store, number)
    for each in chosen:
        store.refused.ask_replay(each.number, this_actor().on_record)
    failed = [each for each in chosen if not _is_taken(store, each)]
    raise typer.Exit(int(bool(failed)))


def _chosen(store: Store, number: int | None) -> list[Refusal]:
    """The oldest first. Raises AeefError when there is none."""
    found = [each for each in store.refused.all()[::-1] if number in (None, each.number)]
    if not found:
        raise AeefError(
            "nothing that was refused is kept" if number is None else f"there is no {number}"
        )
    whole = [each for each in found if each.is_whole]
    if not whole:
        raise AeefError("it was not kept whole: have its sender send it again")
    return whole


def _is_taken(store: Store, asked: Refusal) -> bool:
    """Wait until an intake has taken it, and say what came of it."""
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        now = store.refused.one(asked.number)
        if now is None:
            typer.echo(plain(f"{asked.number} of {asked.sender}: taken"))
            return True
        if now.asked_by is None:
            typer.echo(plain(f"{asked.number} of {asked.sender}: still refused: {now.detail}"))
            return False
        time.sleep(LOOK_SECONDS)
    typer.echo(f"{asked.number}: no intake has taken it yet; it will when `aeef up` runs")
    return False


def _row(name: str, hook: Hook, settings: Settings) -> dict[str, Any]:
    token = "?token=SECRET" if hook.proof is Proof.ADDRESS else ""
    return {
        "name": name,
        "address": f"{settings.base_url}/v1/hooks/{name}{token}",
        "kind": hook.kind or "own mapping",
        "proof": hook.proof.value,
        "expectEvery": hook.expect_every,
    }


def _hook(name: str, settings: Settings) -> Hook:
    """The hook, or a ready mapping as it is. Raises AeefError that lists both."""
    if name in settings.hooks:
        return settings.hooks[name]
    if name in kinds():
        # Nothing is taken by it, so its proof does not matter.
        return Hook.model_validate({"kind": name, "proof": "address", "secret": "0" * 32})
    configured = ", ".join(settings.hooks) or "none"
    raise AeefError(
        f"no hook is called {name[:60]!a} (there are: {configured}), and no ready mapping"
        f" ({', '.join(kinds())})"
    )


def _read(file: Path) -> bytes:
    try:
        return typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise AeefError(f"{file} cannot be read: {error.strerror}") from None
