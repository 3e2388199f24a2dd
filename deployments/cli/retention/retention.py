"""`aeef retention`: what is kept for how long, what is due, what is gone, originals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from deployments.cli.verbs.verbs import show
from deployments.cli.verbs.way import way
from schemas.errors import InvalidInput
from schemas.incident import Severity
from schemas.retention import AEEF_REVIEWS_YEARS, is_short
from schemas.settings import Settings, load_settings
from tasks.people.holding import ERASE_ORIGINAL
from tasks.retention.dispose import dispose_of_due, foresee
from tasks.store import open_store

retention = typer.Typer(help="Keeping and forgetting.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as in #1284, or the id.")]


@retention.command()
def status(as_json: AsJson = False) -> None:
    """Show how long what is kept, what is due and stays, and what went last."""
    settings = load_settings()
    due, stays = foresee(settings)
    gone = open_store(settings).retention.disposed(10)
    reviews = _due_reviews(settings)
    if as_json:
        data = {
            "years": {each.value: years for each, years in settings.retention.years.items()},
            "reviewsYears": settings.retention.reviews_years,
            "due": len(due),
            "dueReviews": len(reviews),
            "stays": [{"number": each.incident.number, "why": each.why} for each in stays],
            "disposed": [{**each._asdict(), "incident_id": str(each.incident_id),
                          "at": each.at.isoformat()} for each in gone],
        }  # fmt: skip
        typer.echo(json.dumps(data, indent=2))
        return
    for severity in Severity:
        years = settings.retention.years[severity]
        typer.echo(_period(severity, years, "its end", is_less=is_short(severity, years)))
    years = settings.retention.reviews_years
    less = years < AEEF_REVIEWS_YEARS
    typer.echo(_period("reviews by the calendar", years, "they were drawn up", is_less=less))
    typer.echo(f"due now: {len(due)}; due and kept: {len(stays)}")
    if reviews:
        typer.echo(f"reviews by the calendar that are due now: {len(reviews)}")
    for kept in stays:
        typer.echo(plain(f"  {kept.incident.title}: {kept.why}"))
    for each in gone:
        typer.echo(plain(f"  gone {each.at:%Y-%m-%d}: #{each.number} {each.severity} {each.type}"))


@retention.command()
def dispose(
    dry_run: Annotated[bool, typer.Option(help="Print what is due and change nothing.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Incidents at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Dispose of what is due now, as the schedule does: records, evidence, reviews, events."""
    settings = load_settings()
    if dry_run:
        due, stays = foresee(settings)
        reviews = _due_reviews(settings)
        if as_json:
            ids = [str(each.incident.incident_id) for each in due]
            data = {"due": ids, "stays": len(stays), "dueReviews": reviews}
            typer.echo(json.dumps(data, indent=2))
            return
        for each in due:
            typer.echo(plain(f"{each.incident.title}: due since {each.due_at:%Y-%m-%d}"))
        for kept in stays:
            typer.echo(plain(f"stays: {kept.incident.title}: {kept.why}"))
        for title in reviews:
            typer.echo(plain(f"{title}: due"))
        typer.echo(f"{len(due) + len(reviews)} would go, {len(stays)} are due and stay")
        return
    report = dispose_of_due(settings, actor=this_user(), most=limit)
    typer.echo(json.dumps(report.to_json(), indent=2) if as_json else plain(report.in_words))


@retention.command()
def erase(
    incident_id: Id,
    reason: Annotated[str, typer.Option(help="Why; goes on record.")] = "",
    as_json: AsJson = False,
) -> None:
    """Destroy the key of an incident's unmasked original alert: nobody reads it any longer."""
    if not reason.strip():
        raise InvalidInput("aeef retention erase needs --reason (why; goes on record)")
    show(way().do(ERASE_ORIGINAL.name, incident_id, {"reason": reason}), as_json=as_json)


@retention.command()
def original(
    incident_id: Id,
    output: Annotated[Path | None, typer.Option(help="A file, only for its owner.")] = None,
) -> None:
    """Read the unmasked original alerts of an incident; that they were read is on record."""
    from tasks.incident.keep_original import read_originals

    settings = load_settings()
    found = read_originals(incident_id, settings, actor=this_user())
    text = json.dumps(found, indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(plain(text))
        return
    output.touch(mode=0o600)
    output.write_text(text + "\n", "utf-8")
    typer.echo(plain(f"{len(found)} written to {output}"))


def _due_reviews(settings: Settings) -> list[str]:
    found = open_store(settings).retention.due_reviews(settings.retention.reviews_years)
    return [each.title for each in found]


def _period(what: str, years: int, since: str, *, is_less: bool) -> str:
    less = ": less than AEEF asks for" if is_less else ""
    return f"{what}: {years} years after {since}{less}"
