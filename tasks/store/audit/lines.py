"""The lines of the anchor file that a verification reads, and whether any are missing."""

from __future__ import annotations

import hashlib
import time

from schemas.errors import AuditBroken
from tasks.store.audit.anchors import Anchor, Anchors
from tasks.store.audit.expected import Expected
from tasks.store.audit.verified import Point

_ON_THEIR_WAY = 1.0
"""Seconds in which a line that was just committed is in the file."""
_TAIL = 4096
_REMEDY = (
    "Find out who changed the file, and restore it from your copies. If you know why (a restored "
    "backup, a full disk), `aeef audit accept --reason TEXT` puts that on record and goes on"
)


class Lines:
    """The lines of the anchor file: all, or those after what was verified last."""

    def __init__(self, anchors: Anchors, point: Point | None) -> None:
        self.anchors = anchors
        self._point = point
        self._content = b""
        self.found: list[Anchor] = []
        if point is not None:
            self._require_same_beginning(point)
        self.read()

    def read(self) -> None:
        """Read the file again."""
        start = self._point.offset if self._point else 0
        content = self.anchors.content(start)
        lines, older = (self._point.lines, self._point.older) if self._point else (0, 0)
        self.found = list(self.anchors.read(content, lines, older))
        self._content = content[: content.rfind(b"\n") + 1]

    def _require_same_beginning(self, point: Point) -> None:
        start = max(0, point.offset - _TAIL)
        before = self.anchors.content(start)[: point.offset - start]
        if len(before) < point.offset - start or _hash(before) != point.tail:
            raise AuditBroken(
                f"the audit anchors {self.anchors.path} are gone, cut or replaced: they do not "
                f"have what was verified at {point.at} (their first {point.lines} lines). "
                + _REMEDY
            )

    def place(self) -> dict[str, int | str]:
        """Where the next verification goes on."""
        point = self._point
        offset = (point.offset if point else 0) + len(self._content)
        start = max(0, offset - _TAIL)
        older = sum(each.is_older for each in self.found)
        return {
            "offset": offset,
            "tail": _hash(self.anchors.content(start)[: offset - start]),
            "lines": (point.lines if point else 0) + self._content.count(b"\n"),
            "older": (point.older if point else 0) + older,
        }

    def require(self, expected: Expected, point: Point | None) -> int:
        """Raise AuditBroken when lines are missing; the number up to which none is."""
        deadline = time.monotonic() + _ON_THEIR_WAY
        first = max(expected.since, point.complete if point else 0) + 1
        while missing := self._missing(first, expected.lines):
            recent = {line.number for line in expected.last}
            if not recent.issuperset(missing) or time.monotonic() > deadline:
                raise AuditBroken(_gone(missing, expected, self.anchors))
            time.sleep(0.02)
            self.read()
        return expected.lines

    def _missing(self, first: int, last: int) -> list[int]:
        there = {anchor.number for anchor in self.found}
        return [number for number in range(first, last + 1) if number not in there]


def _gone(missing: list[int], expected: Expected, anchors: Anchors) -> str:
    if len(missing) == expected.lines - expected.since:
        what = f"all {len(missing)} audit anchors are gone from {anchors.path}"
    else:
        first, last = missing[0], missing[-1]
        which = f"anchor {first} is" if first == last else f"anchors {first} to {last} are"
        gaps = "" if last - first + 1 == len(missing) else f" ({len(missing)} of them)"
        what = f"{which} missing{gaps} in {anchors.path}, of {expected.lines}: the file was cut"
        if first == last == expected.lines:
            what += (
                ", or the process was killed that was to write it (then the next change of an "
                "incident writes it)"
            )
    return f"{what}. The audit log cannot be shown to be whole without them. {_REMEDY}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
