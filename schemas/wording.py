"""Long lists on one short line."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 10


def some(names: Sequence[str], between: str = ", ") -> str:
    """The first ten names, and how many more there are."""
    shown = between.join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown}{between}and {more} more" if more > 0 else shown
