"""What comes next for an incident that nobody took, or that is not mitigated: pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from schemas.escalation.business_days import BusinessDays
from schemas.incident import Escalation, Route, Severity, Status
from schemas.model import Model, UtcDatetime


class StepKind(StrEnum):
    """What a step does."""

    LEVEL = "level"
    """Nobody took the page: the next level is called."""
    STILL_ON_IT = "still-on-it"
    """Mitigation is late: who took it is asked."""
    LATE_LEVEL = "late-level"
    """Nobody answered that: the next level is called."""
    REMINDER = "reminder"
    """A business day begins, and nobody has taken it."""


class EscalationState(Model):
    """How far the escalation of an incident's occurrence at this severity is.

    began_at: when its page was due. done: steps since then, or since it was taken.
    due_at: when the next one is looked at; None: nothing comes.
    takes: how often somebody took it. revision: changes with every change.
    """

    incident_id: UUID
    severity: Severity
    occurrence: int
    began_at: UtcDatetime
    done: int = 0
    due_at: UtcDatetime | None = None
    taken_at: UtcDatetime | None = None
    taken_by: str = ""
    takes: int = 0
    revision: int = 0


class Step(NamedTuple):
    """One step; number: counted from 1. level: whom to call; None for who took it."""

    kind: StepKind
    number: int
    due: datetime
    level: Escalation | None = None


def next_step(
    state: EscalationState, status: Status, route: Route, calendar: BusinessDays
) -> Step | None:
    """The next step and when it is due; None when nobody is called any more."""
    if status.is_over:
        return None
    if state.taken_at is not None:
        return _while_taken(state, status, route)
    if levels := _levels(route):
        return _call(StepKind.LEVEL, state.began_at, levels, route, state.done)
    if route.remind:
        due = calendar.after(state.began_at, state.done + 1)
        to = route.escalation[0] if route.escalation else None
        return Step(StepKind.REMINDER, state.done + 1, due, to)
    return None


def to_do(
    state: EscalationState, status: Status, route: Route, calendar: BusinessDays, now: datetime
) -> Step | None:
    """As `next_step`; of several rounds that were missed, while nothing ran, the last is made up.

    So each level is called once, instead of as often as it should have been.
    """
    step = next_step(state, status, route, calendar)
    if step is None or step.kind is StepKind.STILL_ON_IT:
        return step
    missed = [step]
    while (last := missed[-1]).due <= now:
        after = state.model_copy(update={"done": last.number})
        if (later := next_step(after, status, route, calendar)) is None:
            break
        missed.append(later)
    due = [each for each in missed if each.due <= now] or [step]
    return due[-min(len(due), _round_of(step, route))]


def _round_of(step: Step, route: Route) -> int:
    """How many steps follow each other until the same is called again."""
    return 1 if step.kind is StepKind.REMINDER else len(_levels(route))


def _while_taken(state: EscalationState, status: Status, route: Route) -> Step | None:
    """Somebody is at it: they are asked when mitigation is late, then the levels are called."""
    within, levels = route.mitigate_within, _levels(route)
    if within is None or state.taken_at is None or status.comes_after(Status.INVESTIGATING):
        return None
    first = (levels[0].after if levels else None) or timedelta()
    grace = within if state.takes > 1 else first
    asked = max(state.began_at + within, state.taken_at + grace)
    if state.done == 0:
        return Step(StepKind.STILL_ON_IT, 1, asked)
    if not levels:
        return None
    level = _call(StepKind.LATE_LEVEL, asked, levels, route, state.done - 1)
    return level._replace(number=state.done + 1) if level else None  # the question was the first


def _levels(route: Route) -> list[Escalation]:
    """The levels that are called by a clock; none where nobody is paged."""
    return [level for level in route.escalation if level.after is not None] if route.page else []


def _call(
    kind: StepKind, since: datetime, levels: list[Escalation], route: Route, index: int
) -> Step | None:
    """The level at this place of the endless list: after the last one the first comes again."""
    turn, place = divmod(index, len(levels))
    if turn and not route.escalation_repeat:
        return None
    level = levels[place]
    first, last, own = (each.after or timedelta() for each in (levels[0], levels[-1], level))
    around = last - first + (route.escalation_repeat or timedelta())
    return Step(kind, index + 1, since + own + turn * around, level)


def length(span: timedelta) -> str:
    """A duration for people: `15 min`, `1 h 30 min`, `20 s`."""
    seconds = round(span.total_seconds())
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    if span < timedelta(seconds=1):
        return f"{span.total_seconds():.1g} s"
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
