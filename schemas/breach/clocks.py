"""What people say about a breach, and how each regulatory clock stands because of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.breach.regulation import (
    LATEST_SUBMITTED,
    NUMBERS,
    STARTS,
    SUBMITTED,
    YES_OR_NO,
    Deadline,
    Regime,
    deadlines,
)
from schemas.errors import InvalidInput
from schemas.model import Model, UtcDatetime

ASSUMED = ("aware", "discovered")
"""Until a person sets them, they are when the incident was detected: an assumption."""

Person = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"\w")
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class Kind(StrEnum):
    """What a person can say."""

    SET = "set"
    SUBMITTED = "submitted"
    NOT_APPLICABLE = "not-applicable"
    REOPENED = "reopened"


class Change(Model):
    """What one person said: kept in order, never changed; a later one wins.

    set: timestamps and facts. submitted: the notification `deadline` was made at `moment`.
    not-applicable: the regime asks for nothing, for a `reason`. reopened: that, or a submission,
    was a mistake.
    """

    kind: Kind
    by: Person
    said_at: UtcDatetime
    timestamps: dict[str, UtcDatetime] = Field(default_factory=dict)
    facts: dict[str, bool | int] = Field(default_factory=dict)
    regime: str | None = None
    deadline: str | None = None
    moment: UtcDatetime | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if unknown := set(self.timestamps) - set(STARTS):
            raise ValueError(f"there is no timestamp '{min(unknown)}'")
        for name, value in self.facts.items():
            number = name in NUMBERS and not isinstance(value, bool) and value >= 0
            if not number and not (name in YES_OR_NO and isinstance(value, bool)):
                raise ValueError(f"'{name}' is no such fact")
        if self.kind is Kind.SET and not (self.timestamps or self.facts):
            raise ValueError("nothing to set")
        if self.kind in (Kind.NOT_APPLICABLE, Kind.REOPENED) and not self.reason:
            raise ValueError("a reason is needed")
        if self.kind is Kind.SUBMITTED and not (self.deadline and self.moment):
            raise ValueError("a submission names its deadline and when it was made")
        return self

    @property
    def sentence(self) -> str:
        """For the record."""
        where = "/".join(each for each in (self.regime, self.deadline) if each)
        why = f": {self.reason}" if self.reason else ""
        match self.kind:
            case Kind.SET:
                said = [f"{name} {moment:%Y-%m-%d %H:%M:%S} UTC"
                        for name, moment in self.timestamps.items()]  # fmt: skip
                said += [f"{name} {_plain(value)}" for name, value in self.facts.items()]
                return f"regulatory facts set by {self.by}: {', '.join(said)}{why}"
            case Kind.SUBMITTED:
                return (
                    f"notification {where} was submitted at {self.moment:%Y-%m-%d %H:%M:%S} UTC,"
                    f" says {self.by}{why}"
                )
            case Kind.NOT_APPLICABLE:
                return f"{where} does not apply, decided by {self.by}{why}"
            case Kind.REOPENED:
                return f"{where} is open again, decided by {self.by}{why}"


def _plain(value: bool | int) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


class Situation(Model):
    """All that was said, taken together.

    submitted: of each `regime/deadline` the submissions, in the order in which they were made.
    excluded: of each regime that does not apply, what was decided.
    """

    timestamps: dict[str, UtcDatetime]
    facts: dict[str, bool | int] = Field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    submitted: dict[str, tuple[Change, ...]] = Field(default_factory=dict)
    excluded: dict[str, Change] = Field(default_factory=dict)


def situation_of(detected_at: datetime, changes: Iterable[Change]) -> Situation:
    """What is known: detection until people know better, then everything they said, in order."""
    timestamps = dict.fromkeys(ASSUMED, detected_at)
    facts: dict[str, bool | int] = {}
    assumed = dict.fromkeys(ASSUMED)
    submitted: dict[str, tuple[Change, ...]] = {}
    excluded: dict[str, Change] = {}
    for change in changes:
        timestamps |= change.timestamps
        facts |= change.facts
        for name in change.timestamps:
            assumed.pop(name, None)
        key = f"{change.regime}/{change.deadline}"
        match change.kind:
            case Kind.SUBMITTED:
                submitted[key] = (*submitted.get(key, ()), change)
            case Kind.NOT_APPLICABLE if change.regime:
                excluded[change.regime] = change
            case Kind.REOPENED if change.deadline:
                submitted.pop(key, None)
            case Kind.REOPENED:
                excluded.pop(change.regime or "", None)
    for key, made in submitted.items():
        moments = sorted(each.moment for each in made if each.moment)
        timestamps[f"{SUBMITTED}{key}"] = moments[0]
        timestamps[f"{LATEST_SUBMITTED}{key}"] = moments[-1]
    return Situation(
        timestamps=timestamps,
        facts=facts,
        assumed=tuple(assumed),
        submitted=submitted,
        excluded=excluded,
    )


class Standing(StrEnum):
    """How a clock stands."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    DUE_AT_ONCE = "due at once"
    SUBMITTED = "submitted"
    NOT_APPLICABLE = "not applicable"


class Clock(Model):
    """One deadline, and what people said about it. Only they end it: no status of the incident."""

    deadline: Deadline
    standing: Standing
    by: str | None = None
    submitted_at: UtcDatetime | None = None
    reason: str = ""

    @property
    def key(self) -> str:
        """`gdpr-33/notification`."""
        return self.deadline.key

    @property
    def is_open(self) -> bool:
        """True while a notification may have to be made."""
        return self.standing not in (Standing.SUBMITTED, Standing.NOT_APPLICABLE)

    def is_overdue(self, now: datetime) -> bool:
        """True when it ran out and nobody says that the notification was made."""
        due = self.deadline.due_at
        return self.is_open and due is not None and due <= now

    def told(self, now: datetime) -> str:
        """How it stands, as a person reads it."""
        due = self.deadline.due_at
        match self.standing:
            case Standing.SUBMITTED:
                late = due is not None and self.submitted_at is not None and self.submitted_at > due
                return f"submitted {self.submitted_at:%Y-%m-%d %H:%M} UTC by {self.by}" + (
                    ", LATE" if late else ""
                )
            case Standing.NOT_APPLICABLE:
                decided = f", decided by {self.by}: {self.reason}" if self.by else ""
                return f"does not apply{decided}"
            case Standing.RUNNING if due is not None:
                if due <= now:
                    return f"OVERDUE by {length(now - due)}"
                return f"{length(due - now)} left"
            case _:
                return self.deadline.due_text


def length(span: timedelta) -> str:
    """`2 d 3 h`, `3 h 5 min`, `40 s`: as much as a person needs."""
    seconds = int(span.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def clocks_of(
    situation: Situation, regimes: Mapping[str, Regime], holidays: Iterable[date] = ()
) -> list[Clock]:
    """How every deadline of the regimes stands."""
    found = deadlines(regimes, situation.timestamps, situation.facts, holidays)
    return [_clock(deadline, situation) for deadline in found]


def _clock(deadline: Deadline, situation: Situation) -> Clock:
    noted = [f"'{name}' is assumed: when the incident was detected"
             for name in situation.assumed if f"from {name}" in deadline.starts_from]  # fmt: skip
    deadline = deadline.model_copy(update={"notes": (*deadline.notes, *noted)})
    if made := situation.submitted.get(deadline.key):
        last = made[-1]
        return Clock(
            deadline=deadline,
            standing=Standing.SUBMITTED,
            by=last.by,
            submitted_at=last.moment,
            reason=last.reason,
        )
    if decided := situation.excluded.get(deadline.regime):
        return Clock(
            deadline=deadline,
            standing=Standing.NOT_APPLICABLE,
            by=decided.by,
            reason=decided.reason,
        )
    if not deadline.applies:
        return Clock(deadline=deadline, standing=Standing.NOT_APPLICABLE)
    if deadline.due_at is not None:
        return Clock(deadline=deadline, standing=Standing.RUNNING)
    standing = Standing.DUE_AT_ONCE if deadline.at_once else Standing.NOT_STARTED
    return Clock(deadline=deadline, standing=standing)


def check_names(regimes: Mapping[str, Regime], regime: str | None, deadline: str | None) -> None:
    """Raise InvalidInput that lists what there is, when there is no such regime or deadline."""
    if regime is None:
        return
    if regime not in regimes:
        known = ", ".join(regimes) or "none: set [breach] regimes"
        raise InvalidInput(f"no such regime is configured for this incident; there are: {known}")
    names = [stage.name for stage in regimes[regime].deadlines]
    if deadline is not None and deadline not in names:
        raise InvalidInput(f"{regime} has no such deadline; it has: {', '.join(names)}")
