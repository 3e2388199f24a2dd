"""What to do about a run, by its state and how long it has been in it: pure, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Hands(StrEnum):
    """Whether the worker that took a run is still there."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


class Deed(StrEnum):
    """What to do about a run."""

    LEAVE = "leave it"
    CRASH = "mark it Crashed: nobody has it"
    CANCEL = "mark it Cancelled: nobody ends it"
    TAKE_OVER = "let another worker go on with it"
    CALL = "call a person"


STARTS_WITHIN = timedelta(minutes=10)
"""The longest that a worker which is there needs to start a run that it took."""
SILENT_AFTER = timedelta(seconds=150)
"""Five heartbeats, and more than Prefect's automation waits: it has not done its work."""
SILENT_WITH_WORKER = timedelta(minutes=10)
"""As above, when its worker may be there: events may be late, or lost, while the run lives."""
STOPS_WITHIN = timedelta(seconds=90)
"""The longest that a worker needs to end a cancelled run; it kills it after 30 s."""
PUT_RIGHT_WITHIN = timedelta(seconds=15)
"""By then a worker has put right what was marked Crashed only because heartbeats were late."""
LATE_AFTER = timedelta(minutes=5)
"""A run that went on by itself, and that no worker began in this time, needs a person."""


@dataclass(frozen=True)
class Seen:
    """A run as it was seen.

    state: the type, as Prefect names it. age: how long it has been in it, or has been due.
    silent: how long ago it gave a sign of life; None: not asked for.
    doubtful: marked Crashed only because no heartbeat was seen.
    by_clock: started by a schedule, which starts another.
    taken_over: how often it was, before this death.
    """

    state: str
    age: timedelta
    hands: Hands = Hands.UNKNOWN
    silent: timedelta | None = None
    doubtful: bool = False
    by_clock: bool = False
    taken_over: int = 0


def decide(seen: Seen, attempts: int, pending_within: timedelta) -> Deed:
    """What to do now about a run whose runbook is not finished.

    attempts, pending_within: as in `[takeover]`.
    """
    deed = Deed.LEAVE  # it is young, or waits for a person who was asked
    match seen.state:
        case "SCHEDULED" if seen.age > LATE_AFTER:
            deed = Deed.CALL
        case "PENDING" if seen.age > _longest_start(seen.hands, pending_within):
            deed = Deed.CRASH
        case "RUNNING" if seen.silent and seen.silent > _longest_silence(seen.hands):
            deed = Deed.CRASH
        case "CANCELLING" if seen.age > STOPS_WITHIN:
            deed = Deed.CANCEL
        case "CRASHED":
            deed = _after_death(seen, attempts)
        case "FAILED" | "CANCELLED" | "COMPLETED":
            deed = Deed.CALL
    return deed


def _longest_start(hands: Hands, pending_within: timedelta) -> timedelta:
    return {Hands.THERE: STARTS_WITHIN, Hands.GONE: timedelta(0)}.get(hands, pending_within)


def _longest_silence(hands: Hands) -> timedelta:
    return SILENT_AFTER if hands is Hands.GONE else SILENT_WITH_WORKER


def _after_death(seen: Seen, attempts: int) -> Deed:
    if seen.by_clock:
        return Deed.LEAVE
    if seen.taken_over >= attempts:
        return Deed.CALL
    if seen.doubtful and seen.age <= PUT_RIGHT_WITHIN:
        return Deed.LEAVE
    return Deed.TAKE_OVER
