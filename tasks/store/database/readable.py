"""Lists of what is on record: one row that was changed outside does not hide the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from schemas.errors import AuditBroken

R = TypeVar("R")
T = TypeVar("T")

log = logging.getLogger("aeef.store")


class Broken(NamedTuple):
    """What cannot be read. name: as people call it. why: in a sentence that names it, too."""

    name: str
    why: str


class Readable(NamedTuple, Generic[T]):
    """What could be read of a list, and what could not."""

    found: list[T]
    broken: list[Broken]

    def logged(self) -> list[T]:
        """What could be read, for a round that goes on with it; the rest is counted in the log."""
        if self.broken:
            log.error("%d cannot be read: %s", len(self.broken), self.in_words)
        return self.found

    @property
    def in_words(self) -> str:
        """Why each of the others cannot be read."""
        return "; ".join(each.why for each in self.broken)


def readable(rows: Iterable[R], name: Callable[[R], str], read: Callable[[R], T]) -> Readable[T]:
    """Read each row. name: of a row, as people call it. read: raises AuditBroken."""
    result = Readable[T]([], [])
    for row in rows:
        try:
            result.found.append(read(row))
        except AuditBroken as error:
            result.broken.append(Broken(name(row), str(error)))
    return result
