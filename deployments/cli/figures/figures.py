"""`aeef figures`: times to page, acknowledge, contain, mitigate and resolve, here or elsewhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated

import typer

from deployments.cli.terminal import plain
from deployments.cli.verbs.way import way
from schemas.figures import TIMED, WITH_TARGET, By, Figures, Group, Moment
from schemas.wording import span

COLUMNS = ("count", "median", "p90", "mean", "byMachine", "byPeople")


def figures(
    since: Annotated[str, typer.Option(help="Detected then or later: 30d, 2026-11-01.")] = "30d",
    until: Annotated[str, typer.Option(help="Detected before then; empty: up to now.")] = "",
    by: Annotated[By, typer.Option(help="What they are grouped by.")] = By.SEVERITY,
    drills: Annotated[
        bool, typer.Option("--drills", help="Of exercises alone, which else are left out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; seconds.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV; seconds.")] = False,
) -> None:
    """How long incidents took until somebody was paged, took it, contained, mitigated, resolved it.

    Each as median, 90th percentile and mean, with how much the automation did and how much people;
    targets met; relapses.
    """
    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    given = {"since": since, "until": until, "by": by.value, "drills": "1" if drills else ""}
    data = way().figures({name: value for name, value in given.items() if value})
    if as_json:
        typer.echo(json.dumps(data, indent=2))
        return
    found = Figures.model_validate(data)
    if as_csv:
        typer.echo(_csv(found), nl=False)
        return
    for line in described(found):
        typer.echo(plain(line))


def described(found: Figures) -> Iterator[str]:
    """The figures as lines for a person."""
    question = found.question
    of = "drills" if question.drills else "incidents"
    begin, end = f"{question.since:%Y-%m-%d %H:%M}", f"{question.until:%Y-%m-%d %H:%M}"
    yield f"{of} detected from {begin} to {end} UTC"
    if not found.total.occurrences:
        yield "none"
        return
    for group in (*found.groups, found.total):
        yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    relapses = f"; {group.relapses} of them relapses" if group.relapses else ""
    outbreaks = f", {group.occurrences} occurrences{relapses}" if relapses else ""
    number = "1 incident" if group.incidents == 1 else f"{group.incidents} incidents"
    yield f"{group.name or 'none named'}: {number}{outbreaks}"
    for moment in TIMED:
        each = group.times[moment]
        if not each.count:
            yield f"  {moment:<12} never"
            continue
        said = "  ".join(
            f"{name} {span(value):>8}"
            for name, value in (("median", each.median), ("p90", each.p90), ("mean", each.mean))
            if value is not None
        )
        by = f"machine {each.by_machine}, people {each.by_people}"
        yield f"  {moment:<12} {each.count:>6}x  {said}  {by}"
    for moment in WITH_TARGET:
        if kept := group.targets.get(moment):
            or_over = "" if moment is Moment.RESOLVED else " or over"
            yield f"  {moment}{or_over} in time: {kept.met} of {kept.met + kept.missed}"


def _csv(found: Figures) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([found.question.by.value, "figure", *COLUMNS, "met", "missed"])
    for group in (*found.groups, found.total):
        for moment in TIMED:
            each = group.times[moment].model_dump(by_alias=True)
            kept = group.targets.get(moment)
            of_target = [kept.met, kept.missed] if kept else ["", ""]
            values = ["" if each[name] is None else each[name] for name in COLUMNS]
            writer.writerow([_cell(group.name), moment.value, *values, *of_target])
        writer.writerow([_cell(group.name), "relapses", group.relapses, *[""] * 7])
    return text.getvalue()


def _cell(text: str) -> str:
    """What a sender wrote is no formula of a spreadsheet."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
