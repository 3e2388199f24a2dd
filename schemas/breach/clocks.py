"""The state of each regulatory clock, given what people recorded about the breach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from schemas.breach.facts import Situation
from schemas.breach.regulation import Deadline, Regime, deadlines
from schemas.errors import InvalidInput
from schemas.model import Model, UtcDatetime


class Standing(StrEnum):
    """The state of a clock."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    DUE_AT_ONCE = "due at once"
    SUBMITTED = "submitted"
    NOT_APPLICABLE = "not applicable"


class Clock(Model):
    """One deadline and what people recorded about it; only they end it, never incident status."""

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
        """True while a notification may still be due."""
        return self.standing not in (Standing.SUBMITTED, Standing.NOT_APPLICABLE)

    def is_overdue(self, now: datetime) -> bool:
        """True when it ran out and nobody has recorded the notification as made."""
        due = self.deadline.due_at
        return self.is_open and due is not None and due <= now

    def in_words(self, now: datetime) -> str:
        """Its state in words."""
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
    """A duration, at the precision that a person needs: `2 d 3 h`, `3 h 5 min`, `40 s`."""
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
    """The state of every deadline of the regimes."""
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
    """Raise InvalidInput, listing the known ones, for an unknown regime or deadline."""
    if regime is None:
        return
    if regime not in regimes:
        known = ", ".join(regimes) or "none: set [breach] regimes"
        raise InvalidInput(f"no such regime is configured for this incident; there are: {known}")
    names = [stage.name for stage in regimes[regime].deadlines]
    if deadline is not None and deadline not in names:
        raise InvalidInput(f"{regime} has no such deadline; it has: {', '.join(names)}")
