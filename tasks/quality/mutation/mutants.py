"""What a mutation report comes to: how many mutants of each file the tests found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

from schemas.quality import Count
from tasks.reports.report_files import shown

Verdict = Literal["found", "missed"] | None
"""The verdict on a mutant; None when it does not show anything about the tests."""

MOST_MUTANTS = 10_000_000
"""The most that a report may claim to have."""
NO_FILE: tuple[str, ...] = ()
"""The name of mutants that are only counted."""


class Mutants:
    """One report: killed and all mutants, by the possible names of their file.

    names: several, because a report may give a module instead of a file.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        self.roots: list[str] = []

    def add(self, names: tuple[str, ...], verdict: Verdict, count: int = 1) -> None:
        """Add mutants of one file."""
        if verdict is not None and count > 0:
            self._counts[names][0] += count * (verdict == "found")
            self._counts[names][1] += count

    @property
    def files(self) -> dict[tuple[str, ...], Count]:
        """The figures."""
        return {names: Count(good, total) for names, (good, total) in self._counts.items()}


def verdict_of(known: Mapping[str, Verdict], status: str) -> Verdict:
    """The verdict that a status means. Raises ValueError for an unknown one."""
    if status not in known:
        raise ValueError(f"it has a mutant of unknown status '{shown(status)}'")
    return known[status]
