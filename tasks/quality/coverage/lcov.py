"""lcov's trace files: of lcov, Istanbul, Vitest, cargo-llvm-cov, coverage.py and others.

`SF:` begins a file, `DA:` is a line, `BRDA:` a branch: https://man.archlinux.org/man/geninfo.1
"""

from __future__ import annotations

import re
from collections import defaultdict

from schemas.quality import Count
from tasks.quality.coverage.covered import Coverage, CoveredFile, line_of, ran

NAME = "lcov"
NOT_RUN = {"-", "0", "0.0"}

_START = re.compile(rb"(?:(?:#|TN:|VER:)[^\n]*\n+){1,20}SF:")
"""Comments, and the name of a test, may come first."""


def is_mine(start: bytes) -> bool:
    """True when it begins with a test's name or a source file."""
    return start.startswith((b"TN:", b"SF:")) or bool(_START.match(start[:4_000]))


def read(content: bytes, _name: str) -> Coverage:
    """Raises ValueError that names a line that cannot be read."""
    coverage = Coverage()
    file: CoveredFile | None = None
    branches: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        kind, _, rest = line.strip().partition(":")
        try:
            if kind == "SF":
                _end(file, branches)
                file = coverage.file(rest.strip())
            elif kind == "end_of_record":
                _end(file, branches)
                file = None
            elif kind == "DA" and file is not None:
                at, hits = rest.split(",")[:2]
                file.line(line_of(at), ran=ran(hits))
            elif kind == "BRDA" and file is not None:
                at, _, taken = rest.partition(",")
                branches[line_of(at)][0] += taken.rpartition(",")[2].strip() not in NOT_RUN
                branches[line_of(at)][1] += 1
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    _end(file, branches)
    return coverage


def _end(file: CoveredFile | None, branches: defaultdict[int, list[int]]) -> None:
    """Count the branches of a file's lines; the same file may come again for another test."""
    if file is not None:
        for line, (good, total) in branches.items():
            file.branch(line, Count(good, total))
    branches.clear()
