"""How many anchors each machine has written, as the head of the chain in the database has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

KEPT = 8
"""Of the last lines: more than processes that are killed at once can leave unwritten."""
MOST_MACHINES = 64


class Line(NamedTuple):
    """One anchor line: its number in its file, and which entry it anchors."""

    number: int
    seq: int


class Expected(NamedTuple):
    """What one machine's file must have: lines `since` + 1 to `lines`; the last ones by entry."""

    lines: int
    since: int = 0
    last: tuple[Line, ...] = ()

    @property
    def newest(self) -> int:
        """The newest entry that it has anchored."""
        return self.last[-1].seq if self.last else 0

    def next(self, seq: int) -> Expected:
        """With one line more, for this entry."""
        line = Line(self.lines + 1, seq)
        return self._replace(lines=line.number, last=(*self.last, line)[-KEPT:])


def expected_in(text: str | None) -> dict[str, Expected]:
    """Each machine's; what cannot be read counts as nothing: verifying reports it."""
    try:
        data = json.loads(text or "{}")
        return {
            str(machine): Expected(
                int(each["lines"]),
                int(each["since"]),
                tuple(Line(int(number), int(seq)) for number, seq in each["last"]),
            )
            for machine, each in data.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def as_text(expected: Mapping[str, Expected]) -> str:
    """For the database. Machines that come and go, as containers do, do not add up for ever."""
    newest = sorted(expected.items(), key=lambda each: each[1].newest)
    return json.dumps(
        {machine: each._asdict() for machine, each in newest[-MOST_MACHINES:]},
        separators=(",", ":"),
    )
