"""What the audit log says of legal holds and calendar reviews, against what is kept of them.

Both have their entries among those of no incident, which are few: so all are compared each time. A
hold that was taken away by hand would let our own disposal destroy what it covers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from schemas.errors import AuditBroken
from schemas.incident import hash_of, hash_of_text
from schemas.retention import why_not_allowed
from tasks.store.database.tables import audit, calendar_reviews, holds

HELD, SEALED = "hold", "sealed"
"""In the details of an entry: a hold's number, and the hash of its row."""
_CALENDAR = "calendar"
DISPOSED_REVIEWS = "disposedReviews"
"""In the details of an entry: the reviews by the calendar that it disposes of."""


def hold_seal(row: Row[Any]) -> dict[str, Any]:
    """The details of the entry that says what a hold is now."""
    return {HELD: row.number, SEALED: hash_of(dict(row._mapping))}  # noqa: SLF001 (documented)


def entries_of_holds(connection: Connection) -> Iterator[tuple[int, int]]:
    """The number of each entry that put or released a hold, and of the hold; in order."""
    for seq, details in _sealing(connection):
        yield seq, details[HELD]


def verify_holds(connection: Connection) -> None:
    """Verify that every hold is as its newest entry has it; none missing, none invented.

    Raises AuditBroken that names the first.
    """
    said = {details[HELD]: (seq, details[SEALED]) for seq, details in _sealing(connection)}
    for row in connection.execute(select(holds).order_by(holds.c.number)):
        seq, sealed = said.pop(row.number, (0, ""))
        if sealed != hold_seal(row)[SEALED]:
            by = f"as audit entry {seq} has it" if seq else "on record in the audit log"
            raise AuditBroken(
                f"legal hold {row.number} is not {by}: it was changed outside AEEF Runbooks"
            )
    for number, (seq, _) in said.items():
        raise AuditBroken(
            f"legal hold {number} is missing, though audit entry {seq} has it: it was deleted"
        )


def verify_calendar(connection: Connection, now: str) -> None:
    """The same for the reviews by the calendar, but for those that were disposed of."""
    said, since = {}, dict[tuple[str, str], str]()
    for seq, at, details in _entries(connection, _CALENDAR, DISPOSED_REVIEWS):
        its = details.get(_CALENDAR)
        if isinstance(its, dict) and "period" in its and "document" in details:
            said[its["kind"], its["period"]] = seq, details["document"]
            since[its["kind"], its["period"]] = at
        for each in details.get(DISPOSED_REVIEWS, ()):
            named = each["kind"], each["period"]
            if why := why_not_allowed(each, since.get(named, ""), at, now):
                raise AuditBroken(
                    f"audit entry {seq} says that the {' review '.join(named)} was disposed of, "
                    f"but {why}: AEEF Runbooks keeps what is so"
                )
            said.pop(named, None)
    for row in connection.execute(select(calendar_reviews)):
        seq, sealed = said.pop((row.kind, row.period), (0, ""))
        if (row.entry, hash_of_text(row.document)) != (seq, sealed):
            by = f"as audit entry {seq} left it" if seq else "on record in the audit log"
            raise AuditBroken(
                f"the {row.kind} review {row.period} is not {by}: it was changed outside AEEF "
                "Runbooks"
            )
    for (kind, period), (seq, _) in said.items():
        raise AuditBroken(
            f"the {kind} review {period} is missing, though audit entry {seq} has it: it was "
            "deleted"
        )


def _sealing(connection: Connection) -> Iterator[tuple[int, dict[str, Any]]]:
    for seq, _, details in _entries(connection, HELD):
        if isinstance(details.get(HELD), int) and SEALED in details:
            yield seq, details


def _entries(connection: Connection, *names: str) -> list[tuple[int, str, dict[str, Any]]]:
    """The entries of no incident that have one of these in their details, in order.

    Number, time and details of each.
    """
    has = (audit.c.details.like(f'{before}"{name}":%') for name in names for before in ("{", "%,"))
    query = select(audit.c.seq, audit.c.timestamp, audit.c.details).where(
        audit.c.incident_id.is_(None), or_(*has)
    )
    rows = connection.execute(query.order_by(audit.c.seq))
    return [(row.seq, row.timestamp, json.loads(row.details)) for row in rows]
