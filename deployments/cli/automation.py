"""`aeef automation`: whether runbooks act, only observe, or only page; and how often they acted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from deployments.cli.terminal import plain, this_user
from schemas.automation import HOUR, Act, Mode, Word
from schemas.model import utc_now
from schemas.settings import Settings, load_settings
from schemas.settings.brake import limit_of
from tasks.store import open_store

automation = typer.Typer(help="Switch the automation on, to observe, or off.")

LONGEST_WHY = 500
LONGEST = timedelta(days=366)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="Only for this one; default: everywhere.")
]
Why = Annotated[str, typer.Option(help="Why, for the record and whoever is paged meanwhile.")]
For = Annotated[
    str | None, typer.Option("--for", help="It ends by itself: PT4H is four hours, P2D two days.")
]


@automation.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the mode, by whose word, and how often runbooks acted on each target."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    if as_json:
        typer.echo(json.dumps(_as_json(settings), indent=2))
        return
    present = open_store(settings).automation()
    typer.echo(plain(str(present.of())))
    for name in settings.targets:
        if (word := present.of(name)) != present.of():
            typer.echo(plain(str(word)))
    for name in settings.targets:
        for act in Act:
            if any(counted := _counted(settings, act, name)):
                limit = limit_of(act, name, settings)
                typer.echo(
                    plain(
                        f"  {name}: {act}: {counted[0]} in the last hour (limit {limit.per_hour}),"
                        f" {counted[1]} in the last day (limit {limit.per_day})"
                    )
                )


@automation.command()
def on(why: Why, target: TargetOption = None, lasts: For = None, as_json: AsJson = False) -> None:
    """Runbooks act: they roll back, isolate, suspend, freeze, revoke."""
    _say(Mode.ON, target, why, lasts, as_json=as_json)


@automation.command()
def observe(
    why: Why, target: TargetOption = None, lasts: For = None, as_json: AsJson = False
) -> None:
    """Runbooks change nothing, and record what they would have done; people are paged."""
    _say(Mode.OBSERVE, target, why, lasts, as_json=as_json)


@automation.command()
def off(why: Why, target: TargetOption = None, lasts: For = None, as_json: AsJson = False) -> None:
    """People are paged, and that is all."""
    _say(Mode.OFF, target, why, lasts, as_json=as_json)


def state_in_words(settings: Settings) -> tuple[bool, str]:
    """For `aeef doctor`: whether it is on everywhere, and by whose word it is not."""
    words = open_store(settings).automation().not_on(settings.targets)
    return not words, "; ".join(map(str, words)) or "on"


def _say(
    mode: Mode, target_name: str | None, why: str, lasts: str | None, *, as_json: bool
) -> None:
    if not why.strip():
        raise typer.BadParameter("say why, for whoever is paged meanwhile", param_hint="--why")
    if len(why) > LONGEST_WHY:
        raise typer.BadParameter(f"at most {LONGEST_WHY} characters", param_hint="--why")
    settings = load_settings()
    target = settings.target(target_name).name if target_name is not None else ""
    store = open_store(settings)
    word = store.set_automation(
        mode,
        target=target,
        why=" ".join(why.split()),
        actor=this_user(),
        lasts=None if lasts is None else _duration(lasts),
    )
    if as_json:
        typer.echo(json.dumps(word.to_json(), indent=2))
        return
    typer.echo(plain(str(word)))
    for line in _beside(word, settings):
        typer.echo(plain(line))


def _beside(word: Word, settings: Settings) -> list[str]:
    """What else whoever said so must know."""
    present = open_store(settings).automation()
    lines = []
    if word.mode is not Mode.ON:
        lines.append("what a runbook began before goes on to its end; the next act asks again")
    for name in () if word.target else settings.targets:
        own = present.of(name)
        if own.number != word.number:
            lines.append(
                f"still {own}; `aeef automation {word.mode} --target {name} --why …` changes that"
            )
    return lines


def _duration(text: str) -> timedelta:
    try:
        lasts = TypeAdapter(timedelta).validate_python(text)
    except ValidationError:
        raise typer.BadParameter(
            f"{text[:40]!a} is no duration: PT4H is four hours, P2D two days",
            param_hint="--for",
        ) from None
    if not timedelta() < lasts <= LONGEST:
        raise typer.BadParameter("more than nothing, and a year at most", param_hint="--for")
    return lasts


def _counted(settings: Settings, act: Act, target: str) -> tuple[int, int]:
    """How often it was begun in the last hour, and in the last day."""
    begun, now = open_store(settings).acts_begun(act, target), utc_now()
    return sum(each.at > now - HOUR for each in begun), len(begun)


def _as_json(settings: Settings) -> dict[str, Any]:
    present = open_store(settings).automation()

    def acts_of(name: str) -> dict[str, Any]:
        acts = {}
        for act in Act:
            hour, day = _counted(settings, act, name)
            limit = limit_of(act, name, settings)
            acts[act.value] = {
                "lastHour": hour,
                "perHour": limit.per_hour,
                "lastDay": day,
                "perDay": limit.per_day,
            }
        return acts

    targets = {
        name: {**present.of(name).to_json(), "acts": acts_of(name)} for name in settings.targets
    }
    return {**present.of().to_json(), "targets": targets}
