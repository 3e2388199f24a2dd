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
    """`850 ms`, `45 s`, `14 min`, `5.2 h`, `3.4 d`: short, for people."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7_200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3_600:.3g} h" if seconds < 172_800 else f"{seconds / 86_400:.3g} d"


def minutes(time: timedelta) -> str:
    """`45 s`, and from two minutes on `3 min`."""
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
