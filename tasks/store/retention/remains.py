"""What the audit log has of incidents that were disposed of, for whoever hands it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, or_, select

from schemas.incident import AuditEntry
from tasks.base.storable import moment_text
from tasks.store.audit.audit import entry_of
from tasks.store.audit.disposed import DISPOSED, Listed, listed_in
from tasks.store.database.tables import audit


class Remains(NamedTuple):
    """entries: those that list the incidents, and those of legal holds on one of them.

    left: what is left of each of their own entries, as the digest in the listing covers it.
    """

    entries: list[AuditEntry]
    left: list[Mapping[str, Any]]

    @property
    def numbers(self) -> set[int]:
        """Of all these entries."""
        return {each.seq for each in self.entries} | {each["seq"] for each in self.left}


NOTHING = Remains([], [])


def remains_between(connection: Connection, first: int, last: int) -> Remains:
    """Of the disposed incidents with these numbers, and those between."""
    entries: list[AuditEntry] = []
    left: list[Mapping[str, Any]] = []
    holds: list[AuditEntry] = []
    for entry in _entries(connection):
        if DISPOSED not in entry.details:
            holds.append(entry)
            continue
        listed = listed_in(entry.seq, moment_text(entry.timestamp), entry.details)
        some = [each for each in listed if each.said.get("number") in range(first, last + 1)]
        if some:
            entries.append(entry)
            left += [row for each in some for row in _left_of(connection, each)]
    gone = {row["incidentId"] for row in left}
    entries += [each for each in holds if gone.intersection(_covered(each))]
    return Remains(sorted(entries, key=lambda each: each.seq), left)


def _entries(connection: Connection) -> Iterator[AuditEntry]:
    query = select(audit).where(
        audit.c.incident_id.is_(None),
        or_(audit.c.details.like(f'%"{DISPOSED}":[%'), audit.c.action.like("legal hold %")),
    )
    return map(entry_of, connection.execute(query.order_by(audit.c.seq)))


def _covered(entry: AuditEntry) -> list[str]:
    """The words before the reason of a hold, with the id of its incident among them."""
    return entry.action.partition(":")[0].split()


def _left_of(connection: Connection, each: Listed) -> Iterator[Mapping[str, Any]]:
    query = select(audit).where(
        audit.c.incident_id == each.incident,
        audit.c.seq.between(each.first, each.seq),
        audit.c.details == "",
    )
    for row in connection.execute(query.order_by(audit.c.seq)):
        yield {
            "seq": row.seq,
            "entryId": row.entry_id,
            "incidentId": row.incident_id,
            "timestamp": row.timestamp,
            "prevHash": row.prev_hash,
            "hash": row.hash,
        }
