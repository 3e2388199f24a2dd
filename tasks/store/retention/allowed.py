"""Verifies that what is gone might go: it was old enough, and nothing held it.

Whoever can append to the audit log can list any incident as disposed of. What they cannot change is
when the entries around it were written, and which holds are on record.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from schemas.errors import AuditBroken
from schemas.retention import Hold, why_not_allowed
from tasks.store.audit.disposed import Listed
from tasks.store.database.tables import audit, holds
from tasks.store.retention.holds import hold_of
from tasks.store.retention.sealed_holds import entries_of_holds

DECIDABLE = {"severity", "type"}
"""What an entry lists of an incident that is gone, of all that a filter may ask for."""


class _Stood(NamedTuple):
    """A hold, and the entries by which it was put and released; 0: it stands."""

    hold: Hold
    put: int
    released: int

    def covers(self, each: Listed) -> bool:
        """True when it stood over this incident, as far as what is left shows."""
        if each.seq < self.put or 0 < self.released < each.seq:
            return False
        if self.hold.incident_id is not None:
            return str(self.hold.incident_id) == each.incident
        wanted = self.hold.wanted
        return wanted.keys() <= DECIDABLE and all(
            isinstance(some, list) and each.said.get(name) in some for name, some in wanted.items()
        )


def verify_allowed(connection: Connection, listed: Iterable[Listed], now: str) -> None:
    """Verify that these might be disposed of. Raises AuditBroken that names the first."""
    if not (wanted := list(listed)):
        return
    stood, opened = list(_holds(connection)), _Openings(connection, now)
    for each in wanted:
        why = why_not_allowed(each.said, opened.of(each), each.at, now)
        held = next((one for one in stood if one.covers(each)), None)
        if held is not None:
            why = f"legal hold {held.hold.number} stood on it"
        if why:
            raise AuditBroken(
                f"audit entry {each.seq} says that incident {each.incident} was disposed of, but "
                f"{why}: AEEF Runbooks keeps what is so"
            )


class _Openings:
    """Since when incidents can have been open, at the earliest.

    The time of a first entry that lost its content fits no hash any more. That of the entry of no
    incident before it does: those are never disposed of. One of a time to come had a wrong clock.
    """

    def __init__(self, connection: Connection, now: str) -> None:
        query = select(audit.c.seq, audit.c.timestamp).where(audit.c.incident_id.is_(None))
        rows = connection.execute(query.order_by(audit.c.seq)).all()
        self._known = [(row.seq, row.timestamp) for row in rows if row.timestamp <= now]

    def of(self, each: Listed) -> str:
        """The latest time that is known before it."""
        place = bisect_left(self._known, (each.first, ""))
        return max(each.opened, self._known[place - 1][1] if place else "")


def _holds(connection: Connection) -> Iterator[_Stood]:
    said: dict[int, list[int]] = {}
    for seq, number in entries_of_holds(connection):
        said.setdefault(number, []).append(seq)
    for row in connection.execute(select(holds)):
        put, *released = said.get(row.number, [0])
        yield _Stood(hold_of(row), put, released[-1] if released else 0)
