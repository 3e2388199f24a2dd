"""Figures computed from occurrences. Every definition here stands in docs/figures.md, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from schemas.figures.moments import Moment
from schemas.figures.timed import ALL, TIMED, WITH_TARGET, Question
from schemas.model import Model

DIGITS = 3
"""Figures are seconds, and shares, with so many digits behind the point."""


class Spread(Model):
    """How long something took, in seconds; None where it never came.

    count: in how many occurrences it came. by_machine, by_people: who brought it about.
    """

    count: int
    median: float | None = None
    p90: float | None = None
    mean: float | None = None
    by_machine: int
    by_people: int


class Kept(Model):
    """How often a target was met, and missed; where there is still time counts as neither."""

    met: int
    missed: int


class Group(Model):
    """The figures of one severity, type, service or team; or of all.

    relapse_rate: which part of the occurrences were relapses; None without any.
    """

    name: str
    occurrences: int
    incidents: int
    relapses: int
    relapse_rate: float | None = None
    times: dict[Moment, Spread]
    targets: dict[Moment, Kept]


class Figures(Model):
    """The answer to a question. groups: by name; total: of all of them together."""

    question: Question
    groups: list[Group]
    total: Group


class Gathered(NamedTuple):
    """What was counted of some occurrences; no incident has some elsewhere.

    took: microseconds to each of `TIMED`, in any order; by_machine: how many of those the
    automation brought about. kept: how many met, and missed, the target of each of `WITH_TARGET`.
    service: whose they are, where they are a part of a team's.
    """

    name: str
    occurrences: int
    incidents: int
    relapses: int
    took: list[list[int]]
    by_machine: list[int]
    kept: list[tuple[int, int]]
    service: str = ""


def figures_of(question: Question, parts: Iterable[Gathered]) -> Figures:
    """The figures of what was counted; parts of the same name are one group."""
    named = defaultdict[str, list[Gathered]](list)
    for part in parts:
        named[part.name].append(part)
    return Figures(
        question=question,
        groups=[_group(name, named[name]) for name in sorted(named)],
        total=_group(ALL, list(chain.from_iterable(named.values()))),
    )


def quantile(ordered: Sequence[int], part: float) -> float:
    """Linear between the two nearest, as spreadsheets (PERCENTILE.INC) and SQL (percentile_cont)
    have it. ordered: from the smallest on; not empty.
    """
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _group(name: str, parts: Sequence[Gathered]) -> Group:
    occurrences, relapses = sum(p.occurrences for p in parts), sum(p.relapses for p in parts)
    times = {}
    for place, moment in enumerate(TIMED):
        ordered = sorted(chain.from_iterable(part.took[place] for part in parts))
        times[moment] = _spread(ordered, sum(part.by_machine[place] for part in parts))
    targets = {}
    for place, moment in enumerate(WITH_TARGET):
        met, missed = (sum(part.kept[place][which] for part in parts) for which in (0, 1))
        if met or missed:
            targets[moment] = Kept(met=met, missed=missed)
    return Group(
        name=name,
        occurrences=occurrences,
        incidents=sum(part.incidents for part in parts),
        relapses=relapses,
        relapse_rate=round(relapses / occurrences, DIGITS) if occurrences else None,
        times=times,
        targets=targets,
    )


def _spread(ordered: Sequence[int], by_machine: int) -> Spread:
    count = len(ordered)
    return Spread(
        count=count,
        median=_seconds(quantile(ordered, 0.5)) if count else None,
        p90=_seconds(quantile(ordered, 0.9)) if count else None,
        mean=_seconds(sum(ordered) / count) if count else None,
        by_machine=by_machine,
        by_people=count - by_machine,
    )


def _seconds(microseconds: float) -> float:
    return round(microseconds / 1_000_000, DIGITS)
