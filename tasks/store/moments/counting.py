"""Counts occurrences by columns alone, in the database: with many incidents it has to be quick."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, func, or_, select, true

from schemas.errors import InvalidInput
from schemas.figures import (
    ALL,
    BUSINESS_DAY,
    DAY,
    FIGURES,
    RELAPSES,
    TARGETS,
    TIMED,
    WITH_TARGET,
    By,
    Gathered,
    Moment,
    Question,
)
from schemas.figures.targets import days_from
from tasks.base.storable import moment_text
from tasks.store.database.tables import moments
from tasks.store.moments.moments import TOOK

NEVER = 2**62
"""Microseconds of what has not come: later than any target."""
_MICROSECONDS = 1_000_000


class Counted(NamedTuple):
    """An incident that a figure counts."""

    incident_id: str
    team: str
    service: str


def gathered(connection: Connection, question: Question) -> list[Gathered]:
    """What is counted of each group; by team of each team's services."""
    grouped = [moments.c[question.by.value]]
    if question.by is By.TEAM:
        grouped.append(moments.c.service)
    columns: list[ColumnElement[Any]] = [
        func.count(),
        func.count(moments.c.incident_id.distinct()),
        _number(moments.c.occurrence > 1),
    ]
    for moment in TIMED:
        took = case((_came(moment), cast(moments.c[TOOK[moment]], Text)))
        columns += [func.aggregate_strings(took, ","), _number(_by_machine(moment))]
    for moment in WITH_TARGET:
        columns += [_number(_met(moment)), _number(_missed(moment, question))]
    query = select(*grouped, *columns).where(_asked(question)).group_by(*grouped)
    return [_gathered(tuple(row), len(grouped)) for row in connection.execute(query)]


def counted(
    connection: Connection, question: Question, figure: str, group: str | None
) -> list[Counted]:
    """The incidents that a figure counts, the newest first. group: None: of all; a team's too.

    Raises InvalidInput for a figure that there is not.
    """
    wanted = [_asked(question), _counts_in(figure, question)]
    if group is not None and question.by is not By.TEAM:
        wanted.append(moments.c[question.by.value] == group)
    query = select(moments.c.incident_id, moments.c.team, moments.c.service).where(*wanted)
    rows = connection.execute(query.order_by(moments.c.detected_at.desc()))
    return list(dict.fromkeys(Counted(*row) for row in rows))


def _gathered(row: tuple[Any, ...], keys: int) -> Gathered:
    occurrences, incidents, relapses, *rest = row[keys:]
    times, kept = rest[: 2 * len(TIMED)], rest[2 * len(TIMED) :]
    return Gathered(
        name=row[0],
        service=row[1] if keys > 1 else "",
        occurrences=occurrences,
        incidents=incidents,
        relapses=relapses,
        took=[list(map(int, each.split(","))) if each else [] for each in times[::2]],
        by_machine=times[1::2],
        kept=list(zip(kept[::2], kept[1::2], strict=True)),
    )


def _asked(question: Question) -> ColumnElement[bool]:
    return and_(
        moments.c.detected_at >= moment_text(question.since),
        moments.c.detected_at < moment_text(question.until),
        moments.c.is_drill == int(question.drills),
    )


def _counts_in(figure: str, question: Question) -> ColumnElement[bool]:
    if figure not in FIGURES:
        raise InvalidInput(f"figure: one of {', '.join(FIGURES)}")
    if figure == ALL:
        return true()
    if figure == RELAPSES:
        return moments.c.occurrence > 1
    name, _, outcome = figure.partition("-")
    if not outcome:
        return _came(Moment(name))
    return _met(Moment(name)) if outcome == "met" else _missed(Moment(name), question)


def _number(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _came(moment: Moment) -> ColumnElement[bool]:
    """It has come, and not before the detection, which it would where clocks differ."""
    return func.coalesce(moments.c[TOOK[moment]], -1) >= 0


def _by_machine(moment: Moment) -> ColumnElement[bool]:
    return and_(_came(moment), moments.c.by_machine.contains(moment.value))


def _met(moment: Moment) -> ColumnElement[bool]:
    """In time. What is resolved is taken care of and mitigated, whether somebody said so or not."""
    first = [func.coalesce(moments.c[TOOK[each]], NEVER) for each in (moment, Moment.RESOLVED)]
    return or_(
        *(
            and_(of, or_(*(took <= round(limit * _MICROSECONDS) for took in first)))
            for of, limit in _within(moment)
        )
    )


def _missed(moment: Moment, question: Question) -> ColumnElement[bool]:
    """It was due before now, and was not done in time."""
    late = [
        and_(of, moments.c.detected_at < moment_text(question.now - timedelta(seconds=limit)))
        for of, limit in _within(moment)
    ]
    return and_(or_(*late), ~_met(moment))


def _within(moment: Moment) -> Iterator[tuple[ColumnElement[bool], float]]:
    """The seconds of each target, with which occurrences it is for."""
    for severity, targets in TARGETS.items():
        of = moments.c.severity == severity.value
        limit = targets.get(moment)
        if limit == BUSINESS_DAY:
            for weekday in range(7):
                yield and_(of, moments.c.weekday == weekday), days_from(weekday) * DAY
        elif limit is not None:
            yield of, limit
