"""What a coverage report comes to: the lines and branches of each file."""

from __future__ import annotations

import math
import re
from collections import defaultdict

from schemas.quality import Count, FileQuality

MOST_FILES = 100_000
MOST_ROOTS = 200
"""The most source folders, as every file is looked up in each; a large report has dozens."""
MOST_STATEMENTS = 100_000
"""The most statements of one block: a file of code has fewer."""
LAST_LINE = 10**9
"""Beyond it, a line is none: compilers mark hidden ones so."""

_PERCENT = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,10})?)\s*%")
_FRACTION = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})")


class CoveredFile:
    """The lines and branches of one file; if reports disagree on a line, the better one counts.

    blocks: where a format counts statements instead of lines, how many each block has.
    """

    def __init__(self) -> None:
        self.lines: dict[int, bool] = {}
        self.branches: dict[int, Count] = {}
        self.blocks: dict[str, tuple[int, bool]] = {}

    def line(self, number: int, *, ran: bool) -> None:
        """Add one line, and whether it ran."""
        self.lines[number] = ran or self.lines.get(number, False)

    def branch(self, line: int, count: Count) -> None:
        """Add the branches of one line: how many were taken."""
        known = self.branches.get(line, Count(0, 0))
        self.branches[line] = Count(max(known.good, count.good), max(known.total, count.total))

    def block(self, place: str, statements: int, *, ran: bool) -> None:
        """Add a block of statements, which runs as a whole."""
        known = self.blocks.get(place, (0, False))
        self.blocks[place] = (max(known[0], statements), ran or known[1])

    def merge(self, other: CoveredFile) -> None:
        """Add another report's data."""
        for number, ran in other.lines.items():
            self.line(number, ran=ran)
        for number, count in other.branches.items():
            self.branch(number, count)
        for place, (statements, ran) in other.blocks.items():
            self.block(place, statements, ran=ran)

    @property
    def measured(self) -> bool:
        """True when anything of it was measured."""
        return bool(self.lines or self.blocks)

    def quality(self) -> FileQuality:
        """The figures."""
        branches = self.branches.values()
        blocks = self.blocks.values()
        good = sum(self.lines.values()) + sum(count for count, ran in blocks if ran)
        total = len(self.lines) + sum(count for count, _ran in blocks)
        return FileQuality(
            line=Count(good, total),
            branch=Count(sum(b.good for b in branches), sum(b.total for b in branches))
            if branches
            else None,
        )


class Coverage:
    """One report: its files by their names in it, and the folders that these are relative to."""

    def __init__(self) -> None:
        self.files: defaultdict[str, CoveredFile] = defaultdict(CoveredFile)
        self.roots: list[str] = []

    def file(self, name: str) -> CoveredFile:
        """A file of the report. Raises ValueError for too many."""
        found = self.files[name]
        if len(self.files) > MOST_FILES:
            raise ValueError(f"it has more than {MOST_FILES} files")
        return found

    def root(self, folder: str) -> None:
        """A folder that files are relative to. Raises ValueError for too many."""
        self.roots.append(folder)
        if len(self.roots) > MOST_ROOTS:
            raise ValueError(f"it has more than {MOST_ROOTS} source folders")


def number_of(text: str) -> float:
    """A number as tools write it: `1`, `1.0`, `1e3`, `1,5`. Raises ValueError for another text."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"'{text.strip()[:40]}' is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"'{text.strip()[:40]}' is not a number that counts anything")
    return number


def ran(hits: str) -> bool:
    """True when something ran at least once; some tools write `1.0`, or less than 0 for many."""
    return number_of(hits) != 0


def line_of(text: str) -> int:
    """The number of a line. Raises ValueError."""
    number = number_of(text)
    if not number.is_integer() or not 0 <= number <= LAST_LINE:
        raise ValueError(f"'{text.strip()[:40]}' is not the number of a line")
    return int(number)


def count_of(text: str) -> int:
    """How many there are. Raises ValueError."""
    number = number_of(text)
    if not number.is_integer() or not 0 <= number <= LAST_LINE:
        raise ValueError(f"'{text.strip()[:40]}' is not a count")
    return int(number)


def branches_of(text: str) -> Count | None:
    """The branches in `50% (1/2)` or `1/2`; of a percentage alone, as of two; else None."""
    fraction = _FRACTION.search(text)
    if fraction:
        good, total = int(fraction[1]), int(fraction[2])
        return Count(min(good, total), total)
    percent = _PERCENT.match(text)
    if percent is None:
        return None
    share = min(number_of(percent[1]), 100.0)
    # Rounded down: a branch that was only partly taken is one that is missing.
    return Count(math.floor(share * 2 / 100), 2)
