"""How a benchmark reports: percentiles, and a line of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from math import ceil

Say = Callable[[str], None]


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 (nearest rank) and the number of measurements."""
    ranked = sorted(seconds)

    def rank(share: float) -> float:
        return round(ranked[ceil(share * len(ranked)) - 1], 4)

    return {"p50": rank(0.5), "p95": rank(0.95), "p99": rank(0.99), "n": len(ranked)}


def say(line: str) -> None:
    """Print the progress to stderr, apart from the results."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
