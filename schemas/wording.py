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


def minutes(time: timedelta) -> str:
    """`45 s`, and from two minutes on `3 min`."""
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
