"""When an alert says that its trouble began, and whether that can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""
OLDEST = timedelta(days=365)
"""A trouble may be found, or an alert delivered, long after its beginning. Believing an early
beginning makes the legal clocks end earlier, so only what cannot be meant is not believed: the
start of a clock that was never set (1970), a time that nobody filled in (the year 1)."""


EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


def _within_the_calendar(said: datetime) -> datetime:
    """In UTC; a time beyond the calendar's ends becomes its end, as the alert must not be lost."""
    try:
        return said.astimezone(UTC)
    except OverflowError:
        return EARLIEST if said.year == 1 else LATEST


SaidTime = Annotated[AwareDatetime, AfterValidator(_within_the_calendar)]
"""A time that a sender gives: with any offset, and any time at all; see `plausible_time`."""


def plausible_time(said: datetime, now: datetime) -> tuple[datetime, str | None]:
    """The time to believe: `said`, or `now` with the reason why not, for the record.

    A clock that is a little ahead is believed silently, but nothing begins later than now.
    """
    if said > now + CLOCKS_DIFFER:
        return now, _not_believed(said, "which is in the future")
    if said < now - OLDEST:
        return now, _not_believed(said, "which is more than a year ago")
    return min(said, now), None


def _not_believed(said: datetime, why: str) -> str:
    moment = said.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
    return f"taken as detected now: the sender said {moment}, {why}"
