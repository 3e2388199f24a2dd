"""Long lists and times on one short line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

MOST_NAMED = 10


def some(names: Sequence[str], between: str = ", ") -> str:
    """The first ten names, and how many more there are."""
    shown = between.join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown}{between}and {more} more" if more > 0 else shown


def span(seconds: float) -> str:
    """`0.8 s`, `45 s`, `5.2 min`, `14 h`, `3.4 d`: short, for people."""
    for unit, size, most in (("s", 1, 120), ("min", 60, 7_200), ("h", 3_600, 172_800)):
        if seconds < most:
            return _short(seconds / size, unit)
    return _short(seconds / 86_400, "d")


def _short(number: float, unit: str) -> str:
    return f"{number:.1f} {unit}" if round(number, 1) < 10 else f"{number:.0f} {unit}"


def minutes(time: timedelta) -> str:
    """`45 s`, and from two minutes on `3 min`."""
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
