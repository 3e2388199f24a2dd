"""`aeef calendar`: the weekly, monthly and quarterly reviews, and who attended them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from schemas.calendar import CalendarReview, Kind
from schemas.errors import AuditBroken, InvalidInput
from schemas.settings import load_settings
from tasks.calendar.draw_up import draw_up
from tasks.calendar.wording import markdown
from tasks.store import open_store

calendar = typer.Typer(help="Reviews by the calendar.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KindArgument = Annotated[Kind, typer.Argument(metavar="KIND", help="weekly, monthly, quarterly.")]
PeriodArgument = Annotated[str, typer.Argument(help="2026-W48, 2026-11, 2026-Q4; default: newest.")]


@calendar.command("list")
def list_reviews(as_json: AsJson = False) -> None:
    """List what was drawn up, newest first, and whether somebody has said who attended."""
    newest = open_store(load_settings()).calendar.newest()
    found = newest.found
    if as_json:
        rest = [{"name": each.name, "cannotBeRead": each.why} for each in newest.broken]
        typer.echo(json.dumps([*(each.to_json() for each in found), *rest], indent=2))
        return
    for broken in newest.broken:
        typer.echo(plain(broken.why))
    for each in found:
        said = ", ".join(name for one in each.attended for name in one.people)
        by = f"attended by {said}" if said else "nobody has said who attended"
        typer.echo(plain(f"{each.drawn_at:%Y-%m-%d %H:%M}  {each.title}: {by}"))
    if not found and not newest.broken:
        typer.echo("none was drawn up yet: `aeef calendar draw-up weekly` does it now")


@calendar.command()
def show(kind: KindArgument, period: PeriodArgument = "", as_json: AsJson = False) -> None:
    """Show one as Markdown."""
    settings = load_settings()
    review = _found(kind, period)
    if as_json:
        typer.echo(json.dumps(review.to_json(), indent=2))
        return
    for line in markdown(review, settings).splitlines():
        typer.echo(plain(line))


@calendar.command("draw-up")
def draw(kind: KindArgument) -> None:
    """Draw up the review of the last week, month or quarter now; once, as its schedule does."""
    if kind is Kind.WARNINGS:
        raise InvalidInput("the intake opens a formal review, when warnings are repeated")
    typer.echo(plain(draw_up(kind, load_settings()).said))


@calendar.command()
def attended(
    kind: KindArgument,
    period: Annotated[str, typer.Argument(help="As `aeef calendar list` shows it.")],
    people: Annotated[list[str], typer.Option("--person", help="Who was there; again for each.")],
    decided: Annotated[str, typer.Option(help="What was decided.")] = "",
) -> None:
    """Put on record who attended and what was decided."""
    store = open_store(load_settings())
    review = store.calendar.attend(kind, period, tuple(people), decided, actor=this_user())
    typer.echo(plain(f"{review.title}: attended by {', '.join(review.attended[-1].people)}"))


def _found(kind: Kind, period: str) -> CalendarReview:
    reviews = open_store(load_settings()).calendar
    if period:
        return reviews.of(kind, period)
    newest = reviews.newest(kind, limit=1)
    if newest.broken:
        raise AuditBroken(newest.in_words)
    if newest.found:
        return newest.found[0]
    raise InvalidInput(f"no {kind.value} review was drawn up yet")
