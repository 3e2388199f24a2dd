"""Understands the times that pipelines write, and does not guess what they leave out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_SLACK = timedelta(minutes=10)
"""Clocks of other machines may be ahead by this."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_BEHIND = timedelta(hours=12)
"""The zone that is furthest behind UTC: local time is at most this much earlier."""
_DAY = timedelta(days=1)
_FIRST_MILLISECONDS = 1e11
"""As seconds this were the year 5138; as milliseconds it is 1973."""
_NUMBER = re.compile(r"[0-9]{9,13}(?:\.[0-9]+)?")
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT|[zZ])$")


class Moment(NamedTuple):
    """What is known of a time. `problem` is None when it is understood and believed.

    time: the moment, where it is certain. stated: for the order of entries only: a time without
    zone is taken as UTC. latest: it cannot be later. impossible: it is certain, but not believed.
    """

    time: datetime | None = None
    problem: str | None = None
    stated: datetime | None = None
    latest: datetime | None = None
    impossible: bool = False


def moment_of(value: object, now: datetime) -> Moment:
    """A time with a zone, in ISO 8601 (`+0000` and a blank for the T too), or a Unix time.

    Unix times may be seconds or milliseconds, numbers or texts: a deployment's cannot be both.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _unix(value, now)
    if not isinstance(value, str):
        return Moment(problem=f"{str(value)[:40]} is no time")
    text = _ZONE_NAME.sub("+00:00", value.strip())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return Moment(problem=f"{value[:40]!r} is no time")
    if found.tzinfo is not None:
        return _certain(found, repr(value[:40]), now)
    behind = _MOST_BEHIND if ":" in text else _MOST_BEHIND + _DAY
    stated = found.replace(tzinfo=UTC)
    problem = f"{value[:40]!r} has no time zone"
    return Moment(
        problem=problem, stated=stated, latest=stated + behind if stated.year < 9999 else None
    )


def _unix(number: float, now: datetime) -> Moment:
    try:
        seconds = number / 1000 if number >= _FIRST_MILLISECONDS else number
        found = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return Moment(problem=f"{str(number)[:40]} is no time")
    return _certain(found, str(number)[:40], now)


def _certain(found: datetime, shown: str, now: datetime) -> Moment:
    try:
        time = found.astimezone(UTC)
    except OverflowError:
        return Moment(problem=f"{shown} is not believed", impossible=True)
    if time > now + _SLACK:
        return Moment(problem=f"{shown} is in the future, and not believed", impossible=True)
    if time < _EARLIEST:
        return Moment(problem=f"{shown} is too long ago, and not believed", impossible=True)
    return Moment(time=time, stated=time, latest=time)
