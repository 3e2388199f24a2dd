"""Verifies the audit log: the chain, its head, its anchors, the sealed records and the evidence.

Everything, or from the point on that was verified last. Begin with `verify_audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, func, select

from schemas.errors import AuditBroken
from schemas.incident import GENESIS, AuditEntry
from tasks.base.storable import moment_text
from tasks.store.approvals.sealed import verify_approvals
from tasks.store.audit.anchors import Anchor, Anchors
from tasks.store.audit.audit import read_expected, read_head
from tasks.store.audit.chained import Clocks
from tasks.store.audit.disposed import is_gone
from tasks.store.audit.entries import Facts, Walk, facts_about, name_of, streamed
from tasks.store.audit.evidence import evidence_folder, seal_in
from tasks.store.audit.expected import Expected
from tasks.store.audit.lines import Lines
from tasks.store.audit.reviewed import verify_reviews
from tasks.store.audit.sealed import (
    evidence_here,
    size_of_evidence,
    verify_evidence,
    verify_records,
)
from tasks.store.audit.summary import AuditSummary
from tasks.store.audit.verified import Point, read_point, write_point
from tasks.store.corrective.rows import verify_actions
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, incidents
from tasks.store.retention.allowed import verify_allowed
from tasks.store.retention.sealed_holds import verify_calendar, verify_holds

SMALL = 20_000
"""Entries that are recomputed in less than a second: so many always are."""
SMALL_EVIDENCE = 200_000_000
"""Bytes of evidence that are always read."""


def verify_audit(
    database: Database,
    anchors: Anchors,
    now: datetime,
    *,
    full: bool = True,
    machine: str | None = None,
) -> AuditSummary:
    """Recompute everything, or, where that takes long, what is new since the last time.

    machine: whose anchors and evidence are here, in a copy; None: this machine's.
    Raises AuditBroken that names the first broken link.
    """
    path, folder = anchors.path.with_name("audit.verified"), evidence_folder(anchors.path.parent)
    is_here = _machines(anchors, database) if machine is None else machine.__eq__
    with database.read() as connection:
        is_small = read_head(connection)[0] <= SMALL
    point = None if full or is_small else read_point(path, database.label)
    # Read the anchors first: what they name was committed, so the later snapshot contains it.
    lines = Lines(anchors, point)
    with database.read(snapshot=True) as connection:
        facts, walk, clocks = _verify_chain(connection, lines, point)
        facts.disposals.settle(connection)
        expected = _here(read_expected(connection), is_here)
        touched = facts if point is None else facts_about(connection, facts.touched)
        only = None if point is None else facts.touched
        verify_records(connection, touched, only)
        verify_reviews(connection, touched.reviews, only)
        verify_actions(connection, touched.corrective, only)
        verify_approvals(connection, touched.approvals, only)
        verify_holds(connection)
        verify_allowed(connection, facts.disposals.listed, moment_text(now))
        verify_calendar(connection, moment_text(now))
        known = facts.incidents(point.incidents if point else 0)
        _verify_number(connection, known)
    complete = lines.require(expected, point)
    seen = read_point(path, database.label)
    reads = full or size_of_evidence(folder) <= SMALL_EVIDENCE
    gone, known_here = partial(is_gone, database), seen.evidence if seen else ()
    elsewhere = verify_evidence(folder, touched, is_here, known_here, gone, reads=reads)
    if touched.broken:
        raise AuditBroken(touched.broken)
    here = tuple(evidence_here(folder))
    with suppress(OSError):  # then the next one has more to do; `doctor` says what is not writable
        at = moment_text(now)
        verified = Point(
            seq=walk.seq, hash=walk.hash, at=at, full_at=at if point is None else point.full_at,
            incidents=known, complete=complete, evidence=here, **lines.place(),
        )  # fmt: skip
        write_point(path, database.label, verified)
    return AuditSummary(
        walk.seq, walk.hash, len(lines.found), point.seq if point else 0,
        tuple(sorted(elsewhere.items())), len(here), reads or not here, clocks.notices(),
    )  # fmt: skip


def verified_at(anchors: Anchors, database: Database, *, full: bool) -> datetime | None:
    """When it was verified here last; full: when everything was recomputed; None: never."""
    point = read_point(anchors.path.with_name("audit.verified"), database.label)
    if point is None:
        return None
    return datetime.fromisoformat(point.full_at if full else point.at)


def _machines(anchors: Anchors, database: Database) -> Callable[[str], bool]:
    """Whether a machine, as entries name it, is this one. A file has one, whatever its name is."""
    return lambda machine: database.is_sqlite or machine == anchors.machine


def machines_here(entries: Iterable[AuditEntry], anchors: Anchors, database: Database) -> set[str]:
    """The machines, of those whose evidence these entries vouch for, that are this one."""
    seals = [seal_in(entry.details, entry.seq) for entry in entries]
    is_here = _machines(anchors, database)
    return {seal.machine for seal in seals if seal is not None and is_here(seal.machine)}


def _here(expected: dict[str, Expected], is_here: Callable[[str], bool]) -> Expected:
    """What the anchor file of this machine must have."""
    mine = [each for machine, each in expected.items() if is_here(machine)]
    newest = max(mine, key=lambda each: each.lines, default=Expected(0))
    return newest._replace(since=max((each.since for each in mine), default=0))


def _verify_number(connection: Connection, known: int) -> None:
    """Verify that there are as many incidents as were opened."""
    there = connection.execute(select(func.count(incidents.c.id))).scalar_one()
    if there != known:
        raise AuditBroken(
            f"there are {there} incidents, but the audit log has {known}: "
            + ("some were deleted" if there < known else "some were put into the database")
            + "; `aeef audit verify --full` names the first"
        )


def _verify_chain(
    connection: Connection, lines: Lines, point: Point | None
) -> tuple[Facts, Walk, Clocks]:
    anchored: dict[int, list[Anchor]] = {}
    for anchor in lines.found:
        anchored.setdefault(anchor.seq, []).append(anchor)
    facts, walk = Facts(point.seq if point else 0, whole=point is None), Walk(0, GENESIS)
    clocks = Clocks()
    query = select(audit).order_by(audit.c.seq)
    if point is not None:
        walk = Walk(point.seq, point.hash)
        _require_same_past(connection, point, lines.anchors, anchored)
        query = query.where(audit.c.seq > point.seq)
    with streamed(connection, query) as rows:
        for row in rows:
            details = walk.take(row)
            facts.note(row, details)
            clocks.note(row.seq, row.timestamp, details)
            _compare(name_of(row), row.hash, anchored.pop(row.seq, ()), lines.anchors)
    _verify_end(connection, walk, anchored, lines.anchors)
    return facts, walk, clocks


def _require_same_past(
    connection: Connection, point: Point, anchors: Anchors, anchored: dict[int, list[Anchor]]
) -> None:
    """What was verified is still there, and lines that came late fit it."""
    late = sorted(seq for seq in anchored if seq <= point.seq)
    wanted = {point.seq, *late} - {0}
    rows = connection.execute(select(audit.c.seq, audit.c.hash).where(audit.c.seq.in_(wanted)))
    found = {row.seq: row.hash for row in rows}
    if point.seq and found.get(point.seq) != point.hash:
        raise AuditBroken(
            f"audit entry {point.seq} is not the one that was verified at {point.at}: the chain "
            "was rewritten, its newest entries were deleted, or the database was replaced"
        )
    for seq in late:
        _compare(f"entry {seq}", found.get(seq), anchored.pop(seq), anchors)


def _compare(name: str, found: str | None, there: Iterable[Anchor], anchors: Anchors) -> None:
    for anchor in there:
        if anchor.hash != found:
            raise AuditBroken(
                f"audit {name} does not have the hash that line {anchor.line} of "
                f"{anchors.path} noted: the chain was rewritten at or before it"
            )


def _verify_end(
    connection: Connection, walk: Walk, left: dict[int, list[Anchor]], anchors: Anchors
) -> None:
    head_seq, head_hash = read_head(connection)
    if (head_seq, head_hash) != (walk.seq, walk.hash):
        raise AuditBroken(
            f"the audit chain ends with entry {walk.seq}, but its head says entry {head_seq}"
            f"{' with another hash' if head_seq == walk.seq else ''}: "
            + (
                "the newest entries were deleted"
                if head_seq > walk.seq
                else "the end was tampered with"
            )
        )
    if left:
        anchor = left[max(left)][0]
        raise AuditBroken(
            f"line {anchor.line} of {anchors.path} noted audit entry {anchor.seq}, but the chain "
            f"ends with entry {walk.seq}: the newest entries were deleted, or the database was "
            "replaced"
        )
