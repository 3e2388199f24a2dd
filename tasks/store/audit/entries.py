"""Verifies entries of the audit log, and gathers what they say about records and evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Result, Row, Select, select

from schemas.errors import AuditBroken
from schemas.incident import canonical_json, hash_of
from tasks.store.approvals.sealed import ApprovalSeal, approval_seal
from tasks.store.audit.chained import FIRST, Earlier, before_in
from tasks.store.audit.disposed import Disposals, is_blank
from tasks.store.audit.evidence import Seal, seal_in
from tasks.store.audit.reviewed import ReviewSeals
from tasks.store.corrective.rows import ActionSeal, seal_of
from tasks.store.database.tables import audit
from tasks.store.moments.replay import Replay

_AT_ONCE = 1000  # rows in memory
_OF_ONE_QUESTION = 200


class RecordSeal(NamedTuple):
    """The hash of the incident's record according to an entry."""

    seq: int
    record: str


class Facts:
    """What the entries say: of each incident its record's seal, actions, alert, evidence, times.

    reviews: of each incident's review. corrective: of each corrective action, by its number.
    since: the entry after which they begin. whole: all entries of each incident are taken in, from
    its first. broken: the first that does not follow the one before of its incident. It is raised
    last: whatever broke the chain itself says more.
    """

    def __init__(self, since: int = 0, *, whole: bool = True) -> None:
        self._since = since
        self.disposals = Disposals()
        self._newest: dict[str, Earlier] | None = {} if whole else None
        self.broken = ""
        self.records: dict[str, RecordSeal] = {}
        self.alerts: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.actions: dict[str, Digest] = {}
        self.evidence: dict[tuple[str, str], Seal] = {}
        self.moments: dict[str, Replay] = {}
        self.reviews: dict[str, ReviewSeals] = {}
        self.corrective: dict[int, ActionSeal] = {}
        self.approvals: dict[str, ApprovalSeal] = {}
        self.touched: set[str] = set()

    def note(self, row: Row[Any], details: dict[str, Any]) -> None:
        """Take in one entry; in their order."""
        incident = row.incident_id
        if incident is None:
            self.disposals.note_entry(row, details, since=self._since)
            return
        if is_blank(row):
            self.disposals.note_blank(row)  # what comes again with its id begins anew
            return
        self.touched.add(incident)
        replay = self.moments.setdefault(incident, Replay())
        replay.take(row.action, row.timestamp, details, automated=bool(row.automated))
        self._follow(row, details)
        if isinstance(details.get("record"), str):
            self.records[incident] = RecordSeal(row.seq, details["record"])
            said = (row.action, row.actor, bool(row.automated), row.timestamp)
            self.actions.setdefault(incident, Digest()).add(*said)
        if isinstance(details.get("alert"), str):
            self.alerts.setdefault(incident, details["alert"])
        if isinstance(details.get("number"), int):
            self.numbers.setdefault(incident, details["number"])
        if isinstance(review := details.get("review"), dict):
            self.reviews.setdefault(incident, ReviewSeals()).note(row.seq, review)
        if (seal := seal_in(details, row.seq)) is not None:
            self.evidence[incident, seal.machine] = seal
        if (changed := seal_of(details, row.seq, incident)) is not None:
            self.corrective[changed[0]] = changed[1]
        if (signed := approval_seal(details, row.seq, incident)) is not None:
            self.approvals[signed[0]] = signed[1]

    def incidents(self, before: int) -> int:
        """How many incidents there must be now. before: how many there were where it began."""
        gone = sum(each.first <= self._since for each in self.disposals.listed)
        return before + len(self.alerts) - gone

    def _follow(self, row: Row[Any], details: dict[str, Any]) -> None:
        if self._newest is None:
            return
        known = self._newest.get(row.incident_id, FIRST)
        named = before_in(details)
        if named is not None and named != known and not self.broken:
            self.broken = (
                f"audit {name_of(row)} names entry {named.seq} as the one before it of its "
                f"incident, but that is another (entry {known.seq}): an entry was deleted, "
                "inserted or given to another incident there"
            )
        self._newest[row.incident_id] = Earlier(row.seq, row.hash)


class Digest:
    """Actions in their order, as one hash: two lists are the same when their digests are."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, action: str, actor: str, automated: bool, timestamp: str) -> None:
        """Add one."""
        self._hash.update(canonical_json([action, actor, automated, timestamp]).encode())

    def value(self) -> str:
        """The hash of all that were added."""
        return self._hash.hexdigest()


class Walk:
    """Entries one after the other, each verified against the one before."""

    def __init__(self, seq: int, chain_hash: str) -> None:
        self.seq = seq
        self.hash = chain_hash

    def take(self, row: Row[Any]) -> dict[str, Any]:
        """Verify the next entry; return its details."""
        details = _verified(row, self.seq + 1, self.hash)
        self.seq, self.hash = row.seq, row.hash
        return details


def facts_about(connection: Connection, wanted: Iterable[str]) -> Facts:
    """What all entries of these incidents say; each entry is verified for itself."""
    facts, ids = Facts(), sorted(wanted)
    for start in range(0, len(ids), _OF_ONE_QUESTION):
        some = ids[start : start + _OF_ONE_QUESTION]
        query = select(audit).where(audit.c.incident_id.in_(some)).order_by(audit.c.seq)
        with streamed(connection, query) as rows:
            for row in rows:
                facts.note(row, _verified(row, row.seq, row.prev_hash))
    return facts


def streamed(connection: Connection, query: Select[Any]) -> Result[Any]:
    """The rows in batches; close the result, or PostgreSQL's cursor stays open."""
    return connection.execute(query, execution_options={"yield_per": _AT_ONCE})


def name_of(row: Row[Any]) -> str:
    """The entry for people, with its incident."""
    return f"entry {row.seq}" + (f" (incident {row.incident_id})" if row.incident_id else "")


def _verified(row: Row[Any], expected_seq: int, previous: str) -> dict[str, Any]:
    if row.seq != expected_seq:
        raise AuditBroken(
            f"audit entry {expected_seq} is missing; after entry {expected_seq - 1} comes "
            f"{name_of(row)}: entries were deleted, or put in another order"
        )
    if is_blank(row) and row.incident_id is not None:  # `Disposals` asks by which right
        _require_next(row, expected_seq, previous)
        return {}
    try:
        details = json.loads(row.details)
        written = canonical_json(details)
        computed = hash_of(
            {
                "seq": row.seq,
                "entryId": row.entry_id,
                "incidentId": row.incident_id,
                "timestamp": row.timestamp,
                "actor": row.actor,
                "automated": bool(row.automated),
                "action": row.action,
                "details": details,
                "prevHash": row.prev_hash,
            }
        )
    except (TypeError, ValueError):  # SQLite allows any type in any column
        details = written = None
        computed = ""
    if row.hash != computed or row.details != written or row.automated not in (0, 1):
        raise AuditBroken(
            f"audit {name_of(row)} does not fit its own hash: it was changed after it was written"
        )
    _require_next(row, expected_seq, previous)
    return details if isinstance(details, dict) else {}


def _require_next(row: Row[Any], expected_seq: int, previous: str) -> None:
    if row.prev_hash != previous:
        raise AuditBroken(
            f"audit {name_of(row)} does not follow entry {expected_seq - 1}: an entry was changed, "
            "deleted, inserted or put in another order there"
        )
