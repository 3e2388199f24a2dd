"""What each entry proves besides its text: the entry before of its incident, the database's time.

By `before` the entries of one incident are a chain of their own inside the great one: whoever has
only these can see that none is missing between, without seeing those of others. By `clock` a time
of day that was set back is found, and a machine whose clock differs from the database's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from schemas.incident import GENESIS, AuditEntry
from tasks.base.storable import moment_text
from tasks.store.database.tables import audit

BEFORE, CLOCK = "before", "clock"
BACKWARDS = timedelta(seconds=1)
"""So much a database's clock may go back: clocks are corrected by fractions of a second."""
APART = timedelta(seconds=60)
"""So much a machine may differ from the database: a change may have waited for it that long."""

# An index has both columns: one look, however many entries the incident has.
_BEFORE = (
    select(audit.c.seq, audit.c.hash)
    .where(audit.c.incident_id == bindparam("wanted"))
    .order_by(audit.c.seq.desc())
    .limit(1)
)


class Earlier(NamedTuple):
    """An entry as the next one of its incident names it. seq 0: there is none before."""

    seq: int
    hash: str


FIRST = Earlier(0, GENESIS)


def database_time(*, is_sqlite: bool) -> ColumnElement[Any]:
    """The database's own time, as a column of the query for the head: no question more."""
    if is_sqlite:
        return func.strftime("%Y-%m-%dT%H:%M:%f+00:00", "now")
    return func.clock_timestamp()


class Before:
    """The newest entry of each incident, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[UUID, Earlier] = {}

    def of(self, incident_id: UUID) -> Earlier:
        """The newest entry of this incident."""
        if (known := self._known.get(incident_id)) is not None:
            return known
        row = self._connection.execute(_BEFORE, {"wanted": str(incident_id)}).one_or_none()
        return FIRST if row is None else Earlier(row.seq, row.hash)

    def none(self, incident_id: UUID) -> None:
        """This incident is new: there is nothing to look for."""
        self._known[incident_id] = FIRST

    def note(self, entry: AuditEntry) -> None:
        """This one was appended."""
        if entry.incident_id is not None:
            self._known[entry.incident_id] = Earlier(entry.seq, entry.hash)


def in_details(
    before: Earlier | None, written: datetime | str | None, machine: datetime | None
) -> dict[str, Any]:
    """The details of an entry that prove something.

    written: the database's time. machine: the writing machine's, if the entry's is another.
    """
    details: dict[str, Any] = {}
    if before is not None:
        details[BEFORE] = before._asdict()
    if written is not None:
        there = datetime.fromisoformat(written) if isinstance(written, str) else written
        details[CLOCK] = {"database": moment_text(there)}
        if machine is not None:
            details[CLOCK]["machine"] = moment_text(machine)
    return details


def before_in(details: Mapping[str, Any]) -> Earlier | None:
    """Which entry of its incident an entry names; None for those of earlier versions."""
    found = details.get(BEFORE)
    if not isinstance(found, dict):
        return None
    seq, its_hash = found.get("seq"), found.get("hash")
    if not isinstance(seq, int) or not isinstance(its_hash, str):
        return None
    return Earlier(seq, its_hash)


class Clocks:
    """The times of entries, one after the other, and what is odd about them."""

    def __init__(self) -> None:
        self._last: tuple[int, datetime] | None = None
        self._back: list[tuple[int, int, timedelta]] = []
        self._apart: list[tuple[int, timedelta]] = []

    def note(self, seq: int, timestamp: str, details: Mapping[str, Any]) -> None:
        """Take in one entry; in their order."""
        there, machine = _times_in(details, timestamp)
        if there is None:
            return
        if self._last is not None and self._last[1] - there > BACKWARDS:
            self._back.append((self._last[0], seq, self._last[1] - there))
        self._last = seq, there
        if machine is not None and abs(machine - there) > APART:
            self._apart.append((seq, abs(machine - there)))

    def notices(self) -> tuple[str, ...]:
        """In words, the first of each kind with how many there are. Clocks do step: no break."""
        found = []
        if self._back:
            first, second, by = self._back[0]
            more = _more(len(self._back))
            found.append(
                f"the database's clock goes back by {_seconds(by)} between entries {first} and "
                f"{second}{more}: it was set, or the database was moved"
            )
        if self._apart:
            seq, by = max(self._apart, key=lambda each: each[1])
            more = _more(len(self._apart))
            found.append(
                f"entry {seq} was written by a machine whose clock is {_seconds(by)} from the "
                f"database's{more}: its times are not to be relied on"
            )
        return tuple(found)


def _more(count: int) -> str:
    return f", and {count - 1} times more" if count > 1 else ""


def _seconds(by: timedelta) -> str:
    return f"{by.total_seconds():.1f} s"


def _times_in(
    details: Mapping[str, Any], timestamp: str
) -> tuple[datetime | None, datetime | None]:
    found = details.get(CLOCK)
    if not isinstance(found, dict):
        return None, None
    try:
        there = datetime.fromisoformat(found["database"]).astimezone(UTC)
        machine = datetime.fromisoformat(found.get("machine", timestamp)).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None, None
    return there, machine
