"""Entries whose content was disposed of: what is left of them, and the entry that says so.

Of an entry of an incident that is disposed of, number, id, incident, time and both hashes stay; who
did what, and the details, go. It fits its own hash no longer. A later entry of the chain lists
each incident with a digest over all that stays of its entries (`DISPOSED` in its details): so what
nobody disposed of cannot be made to look like it, and what is left cannot be changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from schemas.errors import AuditBroken
from schemas.incident import canonical_json
from tasks.store.audit.audit import entry_of
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, disposals, incidents

DISPOSED = "disposed"
"""In the details of an entry: the incidents that it disposes of."""
BLANK: Mapping[str, Any] = {"actor": "", "action": "", "details": "", "automated": 0}
"""The columns of an entry whose content is gone; `details` of others is never empty."""


class Listed(NamedTuple):
    """One incident in such an entry: of its first to its last entry, how many, and their digest.

    seq, at: of the entry that lists it. said: all that it lists. opened: the time of its first
    entry, once that was compared.
    """

    incident: str
    seq: int
    at: str
    first: int
    entries: int
    digest: str
    said: Mapping[str, Any]
    opened: str = ""


class Left:
    """What is left of the entries of one incident, as one hash."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.first = 0
        self.opened = ""
        self.entries = 0

    def add(self, row: Row[Any]) -> None:
        """Take in the next one, in their order."""
        kept = [row.seq, row.entry_id, row.incident_id, row.timestamp, row.prev_hash, row.hash]
        self._hash.update(canonical_json(kept).encode())
        self.first = self.first or row.seq
        self.opened = self.opened or row.timestamp
        self.entries += 1

    @property
    def digest(self) -> str:
        """The hash of all that were taken in."""
        return self._hash.hexdigest()

    def fits(self, each: Listed) -> bool:
        """True when it is what the entry that lists it says."""
        return (self.first, self.entries, self.digest) == (each.first, each.entries, each.digest)


def is_blank(row: Row[Any]) -> bool:
    """True for an entry whose content is gone."""
    return bool(row.details == "")


def listed_in(seq: int, at: str, details: Mapping[str, Any]) -> Iterator[Listed]:
    """The incidents that an entry of no incident disposes of. at: its time."""
    found = details.get(DISPOSED)
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict):
            yield Listed(
                str(each.get("incidentId")),
                seq,
                at,
                int(each.get("first", 0)),
                int(each.get("entries", 0)),
                str(each.get("digest")),
                each,
            )


class Disposals:
    """Compares, in the order of the chain, what is left with what the entries say of it.

    connection: to look up what stands before the first entry of this walk.
    """

    def __init__(self) -> None:
        self._left: dict[str, Left] = {}
        self._before: list[Listed] = []
        self.listed: list[Listed] = []

    def note_blank(self, row: Row[Any]) -> None:
        """An entry without its content. Raises AuditBroken when it has some of it."""
        if any(getattr(row, name) != value for name, value in BLANK.items()):
            raise AuditBroken(
                f"audit entry {row.seq} (incident {row.incident_id}) was disposed of, but has "
                "something of its content: it was changed after that"
            )
        self._left.setdefault(row.incident_id, Left()).add(row)

    def note_entry(self, row: Row[Any], details: Mapping[str, Any], *, since: int) -> None:
        """An entry of no incident, which may say that incidents were disposed of.

        since: the entry after which the walk began: what lists an incident that began before it is
        compared by `settle`.
        """
        for each in listed_in(row.seq, row.timestamp, details):
            left = self._left.pop(each.incident, None)
            if each.first <= since:
                self._before.append(each)
            elif left is None or not left.fits(each):
                raise _changed(each)
            else:
                self.listed.append(each._replace(opened=left.opened))

    def settle(self, connection: Connection) -> None:
        """Compare what is left. Raises AuditBroken for what nobody disposed of."""
        for each in self._before:
            left = _left_of(connection, each)
            if left is None or not left.fits(each):
                raise _changed(each)
            self.listed.append(each._replace(opened=left.opened))
        for incident, left in self._left.items():
            raise AuditBroken(
                f"audit entry {left.first} (incident {incident}) has lost its content, and no "
                "entry says that it was disposed of: it was removed by something else than AEEF "
                "Runbooks"
            )


def _left_of(connection: Connection, each: Listed) -> Left | None:
    """What is left of an incident's entries; None: some of them have their content."""
    query = select(audit).where(
        audit.c.incident_id == each.incident, audit.c.seq.between(each.first, each.seq)
    )
    left = Left()
    for row in connection.execute(query.order_by(audit.c.seq)):
        if not is_blank(row):
            return None
        left.add(row)
    return left


def is_gone(database: Database, incident: str) -> bool:
    """True when an entry of the chain says that it was disposed of, and it did not come again.

    Our index of these entries is believed only with the entry, and that only as it was written.
    """
    by = select(audit).join(disposals, disposals.c.seq == audit.c.seq)
    with database.read() as connection:
        if connection.execute(select(incidents.c.id).where(incidents.c.id == incident)).first():
            return False
        row = connection.execute(by.where(disposals.c.incident_id == incident)).one_or_none()
    if row is None or row.incident_id is not None:
        return False
    entry = entry_of(row)
    listed = listed_in(row.seq, row.timestamp, entry.details)
    return entry.compute_hash() == entry.hash and incident in [each.incident for each in listed]


def _changed(each: Listed) -> AuditBroken:
    return AuditBroken(
        f"audit entry {each.seq} says that incident {each.incident} was disposed of, but what is "
        f"left of its {each.entries} entries is not what it lists: they were changed, or deleted"
    )
