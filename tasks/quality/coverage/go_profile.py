"""Go's cover profiles (`go test -coverprofile`): https://go.dev/blog/cover.

Go counts statements, by blocks; so do we, so that the figure is the one that `go tool cover`
prints.
"""

from __future__ import annotations

import re

from tasks.quality.coverage.covered import MOST_STATEMENTS, Coverage, ran

NAME = "Go's cover profile"
_MODE = re.compile(rb"\Amode: (?:set|count|atomic)\s")
_BLOCK = re.compile(r"(.{1,5000}):(\d{1,9}\.\d{1,9},\d{1,9}\.\d{1,9}) (\d{1,9}) (\S{1,30})")


def is_mine(start: bytes) -> bool:
    """True when it begins with the mode."""
    return bool(_MODE.match(start))


def read(content: bytes, _name: str) -> Coverage:
    """Files are named by their module: as much of the end is looked up as is in the repository."""
    coverage = Coverage()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip() or line.startswith("mode: "):  # profiles are joined by `cat`, too
            continue
        found = _BLOCK.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"line {number} is no block of a Go cover profile")
        name, place, statements, hits = found.groups()
        if int(statements) > MOST_STATEMENTS:
            raise ValueError(f"line {number}: a block has more than {MOST_STATEMENTS} statements")
        path = name if name.startswith(("/", "./")) else f"/{name}"
        coverage.file(path).block(place, int(statements), ran=ran(hits))
    return coverage
