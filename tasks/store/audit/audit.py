"""The audit log: one append-only chain; every change of an incident goes through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from schemas.errors import AuditBroken
from schemas.incident import GENESIS, AuditEntry, canonical_json
from tasks.base.storable import clean_json, clean_text, moment_text
from tasks.store.audit.anchors import Anchors
from tasks.store.audit.chained import Before, database_time, in_details
from tasks.store.audit.evidence import EvidenceSeals
from tasks.store.audit.expected import Expected, as_text, expected_in
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, audit_head

# Created once, so that SQLAlchemy need not look up its compiled form for each execution.
_NEWEST = select(func.max(audit.c.seq))
_HEAD = {
    is_sqlite: select(
        audit_head.c.seq,
        audit_head.c.hash,
        _NEWEST.scalar_subquery(),
        audit_head.c.anchored,
        database_time(is_sqlite=is_sqlite),
    )
    .where(audit_head.c.id == 1)
    .with_for_update(of=audit_head)
    for is_sqlite in (True, False)
}
_ENTRY = select(audit.c.seq).where(audit.c.entry_id == bindparam("wanted"))
_HASH = select(audit.c.hash).where(audit.c.seq == bindparam("wanted"))
_APPEND = insert(audit)
_NEW_HEAD = update(audit_head).where(audit_head.c.id == 1)
_MOST_CHANGES = 5_000

T = TypeVar("T")
Clock = Callable[[], datetime]


class Chain:
    """The chain inside one transaction, with the head's lock until it ends.

    So appending transactions run one after the other, on both PostgreSQL and SQLite.
    """

    def __init__(self, connection: Connection, now: datetime, seals: Seals) -> None:
        self.connection = connection
        self.now = now
        self.appended = 0
        self._seals = seals
        self._before = Before(connection)
        self.anchored: dict[str, Expected] = {}
        head = connection.execute(_HEAD[connection.dialect.name == "sqlite"]).one_or_none()
        self._written = None if head is None else head[4]
        if head is None:  # tampered with: continue from the start, as alerts come first
            connection.execute(insert(audit_head).values(id=1, seq=0, hash=GENESIS))
            found = connection.execute(_NEWEST).scalar() or 0
            head_seq, head_hash = 0, GENESIS
        else:
            head_seq, head_hash, found = head[0], head[1], head[2] or 0
            self.anchored = expected_in(head[3])
        # If somebody appended without updating the head, do not stop: an alert comes first. Our
        # entries then follow the head, so `verify_audit` finds the foreign entry.
        self.seq: int = max(head_seq, found)
        self.hash: str = head_hash

    def append(
        self,
        incident_id: UUID | None,
        action: str,
        *,
        actor: str,
        automated: bool,
        details: Mapping[str, Any] | None = None,
        entry_id: UUID | None = None,
        timestamp: datetime | None = None,
    ) -> AuditEntry:
        """Append one entry."""
        at = timestamp or self.now
        entry = AuditEntry(
            seq=self.seq + 1,
            entry_id=entry_id or uuid4(),
            incident_id=incident_id,
            timestamp=at,
            actor=clean_text(actor),
            automated=automated,
            action=clean_text(action),
            details=clean_json(
                {**(details or {}), **self._evidence(incident_id), **self._proof(incident_id, at)}
            ),
            prev_hash=self.hash,
        ).sealed()
        self.connection.execute(_APPEND, row_of(entry))
        self.seq, self.hash = entry.seq, entry.hash
        self._before.note(entry)
        self.appended += 1
        return entry

    def begins(self, incident_id: UUID) -> None:
        """This incident is new: it has no entry before, not even of one that was disposed of."""
        self._before.none(incident_id)

    def has(self, entry_id: UUID) -> bool:
        """True when this entry is already in the chain."""
        return self.connection.execute(_ENTRY, {"wanted": str(entry_id)}).first() is not None

    def _evidence(self, incident_id: UUID | None) -> dict[str, Any]:
        seal = None if incident_id is None else self._seals.evidence.seal(incident_id)
        return {} if seal is None else {"evidence": seal}

    def _proof(self, incident_id: UUID | None, at: datetime) -> dict[str, Any]:
        before = None if incident_id is None else self._before.of(incident_id)
        return in_details(before, self._written, None if at == self.now else self.now)

    @property
    def mine(self) -> Expected:
        """What this machine's anchors should be."""
        machine = self._seals.anchors.machine
        # Another name of the machine, or an earlier version, may have written some.
        return self.anchored.get(machine) or Expected(self._seals.anchors.newest_number())

    def close(self) -> Expected:
        """Write the new head, and which anchor this machine is going to write."""
        mine = self.mine
        if self.appended:
            mine = mine.next(self.seq)
            self.anchored[self._seals.anchors.machine] = mine
            head = {"seq": self.seq, "hash": self.hash, "anchored": as_text(self.anchored)}
            self.connection.execute(_NEW_HEAD, head)
        return mine


class Seals(NamedTuple):
    """What is outside the database: the anchors, and the evidence that entries vouch for."""

    anchors: Anchors
    evidence: EvidenceSeals


class AuditLog:
    """The audit log of one database, with its anchors."""

    def __init__(self, database: Database, anchors: Anchors, clock: Clock) -> None:
        self.database = database
        self.anchors = anchors
        self.clock = clock
        self._seals = Seals(anchors, EvidenceSeals(anchors.path.parent, anchors.machine))

    def change(self, work: Callable[[Chain], T]) -> T:
        """Do the work in one transaction with the chain, then anchor the new head."""

        def transaction(connection: Connection) -> tuple[T, Chain, Expected]:
            chain = Chain(connection, self.clock(), self._seals)
            result = work(chain)
            return result, chain, chain.close()

        result, chain, mine = self.database.write(transaction)
        if chain.appended:
            *before, line = mine.last
            self.anchors.append(line, chain.hash, chain.now, before, self._hash_of)
        return result

    def accept_missing_anchors(self, reason: str, actor: str) -> AuditEntry:
        """Put on record that somebody knows why anchors are missing; those are not asked for."""

        def work(chain: Chain) -> AuditEntry:
            ours = chain.anchored if self.database.is_sqlite else (self.anchors.machine,)
            for machine in ours:
                if machine in chain.anchored:
                    each = chain.anchored[machine]
                    chain.anchored[machine] = each._replace(since=each.lines)
            text = f"missing audit anchors accepted on {self.anchors.machine}: {reason}"
            return chain.append(None, text, actor=actor, automated=False)

        return self.change(work)

    def _hash_of(self, seq: int) -> str | None:
        with self.database.read() as connection:
            return connection.execute(_HASH, {"wanted": seq}).scalar()

    def timeline(self, incident_id: UUID) -> list[AuditEntry]:
        """The entries of an incident, in order; not what is left of a disposed one of its id."""
        is_its = (audit.c.incident_id == str(incident_id)) & (audit.c.details != "")
        query = select(audit).where(is_its).order_by(audit.c.seq)
        with self.database.read() as connection:
            return [entry_of(row) for row in connection.execute(query)]

    def changed_since(self, seq: int) -> tuple[int, set[UUID]]:
        """The newest entry's number, and the incidents with entries after this one."""
        query = select(audit.c.seq, audit.c.incident_id).where(audit.c.seq > seq)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(audit.c.seq).limit(_MOST_CHANGES)).all()
        changed = {UUID(row.incident_id) for row in rows if row.incident_id}
        return (rows[-1].seq if rows else seq), changed

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry; 0 and zeros when there is none."""
        with self.database.read() as connection:
            return read_head(connection)


def read_head(connection: Connection) -> tuple[int, str]:
    """Number and hash in the head row."""
    query = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)
    row = connection.execute(query).one_or_none()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


def read_expected(connection: Connection) -> dict[str, Expected]:
    """How many anchors each machine has written."""
    query = select(audit_head.c.anchored).where(audit_head.c.id == 1)
    return expected_in(connection.execute(query).scalar())


def row_of(entry: AuditEntry) -> dict[str, Any]:
    """The entry as a row of the table."""
    return {
        "seq": entry.seq,
        "entry_id": str(entry.entry_id),
        "incident_id": None if entry.incident_id is None else str(entry.incident_id),
        "timestamp": moment_text(entry.timestamp),
        "actor": entry.actor,
        "automated": int(entry.automated),
        "action": entry.action,
        "details": canonical_json(entry.details),
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }


def entry_of(row: Row[Any]) -> AuditEntry:
    """The entry of a row. Raises AuditBroken when the row is invalid."""
    columns = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    try:
        details = json.loads(columns["details"] or "{}")  # empty: see `disposed.py`
        return AuditEntry.model_validate({**columns, "details": details})
    except (TypeError, ValueError) as error:
        raise AuditBroken(
            f"audit entry {columns['seq']} cannot be read: it was changed after it was written; "
            "`aeef audit verify` reports more"
        ) from error
