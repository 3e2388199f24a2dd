"""Figures as people see them: for each time a plot and a table, each number with its incidents."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from schemas.figures import ALL, RELAPSES, TIMED, WITH_TARGET, Figures, Group, Moment, Spread
from schemas.wording import span
from tasks.figures.figures import address_of

TITLES = {
    Moment.PAGED: ("Time to page", "something that rings took the page"),
    Moment.ACKNOWLEDGED: ("Time to acknowledge (MTTA)", "somebody took it"),
    Moment.CONTAINED: ("Time to contain", "an act that stops the damage was seen to work"),
    Moment.MITIGATED: ("Time to mitigate", "its status said so"),
    Moment.RESOLVED: ("Time to resolve (MTTR)", "it was over"),
}
"""Each with what happened then."""
NAMELESS = "none named"
MOST_BARS = 30
"""More groups than this are in the table alone."""
ROW, WIDTH = 38, 400
"""Of a plot, in its own units: a row's height, and the longest bar."""


class Number(NamedTuple):
    """A number with the list of the incidents that it counts; link: empty: it counts none."""

    text: str
    link: str


class Row(NamedTuple):
    """One group in a table."""

    name: str
    number: Number
    median: str
    p90: str
    mean: str
    machine: int
    people: int
    share: str


class Bar(NamedTuple):
    """One group in a plot: where its name and its bars are, and how long they are."""

    name: str
    y: int
    median: float
    p90: float
    text: str


class Plot(NamedTuple):
    """The bars of one time. said: the same in words."""

    bars: list[Bar]
    height: int
    said: str


class Time(NamedTuple):
    """One time: its title, when it ends, its plot (none: it never came) and its table."""

    title: str
    means: str
    plot: Plot | None
    rows: list[Row]


class Target(NamedTuple):
    """How often a target was met by one group."""

    name: str
    moment: str
    met: Number
    missed: Number
    share: str


class Shown(NamedTuple):
    """Everything on the page."""

    times: list[Time]
    targets: list[Target]
    groups: list[tuple[str, Number, Number, str]]


def shown_of(figures: Figures) -> Shown:
    """The page's data."""
    groups = [*figures.groups, figures.total]
    return Shown(
        times=[_time(moment, groups, figures) for moment in TIMED],
        targets=[
            each for moment in WITH_TARGET for group in groups
            for each in _targets(moment, group, figures)
        ],
        groups=[
            (
                name_of(each),
                _number(each.occurrences, ALL, each, figures),
                _number(each.relapses, RELAPSES, each, figures),
                _percent(each.relapses, each.occurrences),
            )
            for each in groups
        ],
    )  # fmt: skip


def name_of(group: Group) -> str:
    """The group's name for people."""
    return group.name or NAMELESS


def _time(moment: Moment, groups: list[Group], figures: Figures) -> Time:
    title, means = TITLES[moment]
    there = [(each, each.times[moment]) for each in groups]
    rows = [
        Row(
            name=name_of(group),
            number=_number(spread.count, moment.value, group, figures),
            median=_span(spread.median),
            p90=_span(spread.p90),
            mean=_span(spread.mean),
            machine=spread.by_machine,
            people=spread.by_people,
            share=_percent(spread.by_machine, spread.count),
        )
        for group, spread in there
    ]
    drawn = [(name_of(group), spread) for group, spread in there[:-1] if spread.count]
    return Time(title, means, _plot(title, drawn[:MOST_BARS]) if drawn else None, rows)


def _plot(title: str, drawn: list[tuple[str, Spread]]) -> Plot:
    longest = max(spread.p90 or 0.0 for _, spread in drawn) or 1.0
    scale = WIDTH / longest
    bars = [
        Bar(
            name=name,
            y=place * ROW,
            median=round((spread.median or 0.0) * scale, 1),
            p90=round((spread.p90 or 0.0) * scale, 1),
            text=f"{_span(spread.median)} · {_span(spread.p90)}",
        )
        for place, (name, spread) in enumerate(drawn)
    ]
    said = "; ".join(
        f"{name}: median {_span(spread.median)}, 90th percentile {_span(spread.p90)}"
        for name, spread in drawn
    )
    return Plot(bars, len(bars) * ROW, f"{title}. {said}")


def _targets(moment: Moment, group: Group, figures: Figures) -> list[Target]:
    kept = group.targets.get(moment)
    if kept is None:
        return []
    return [
        Target(
            name=name_of(group),
            moment=moment.value,
            met=_number(kept.met, f"{moment}-met", group, figures),
            missed=_number(kept.missed, f"{moment}-missed", group, figures),
            share=_percent(kept.met, kept.met + kept.missed),
        )
    ]


def _number(number: int, figure: str, group: Group, figures: Figures) -> Number:
    given = {**address_of(figures.question), "figure": figure}
    if group is not figures.total:
        given["group"] = group.name
    return Number(f"{number:,}", f"/incidents?{urlencode(given)}" if number else "")


def _span(seconds: float | None) -> str:
    return "none" if seconds is None else span(seconds)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"
