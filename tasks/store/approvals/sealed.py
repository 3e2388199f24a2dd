"""Verifies approvals, with the signatures on them, against what the audit log says of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from schemas.errors import AuditBroken
from schemas.incident import hash_of_text
from tasks.store.approvals.rows import DOCUMENT, approval_of, columns_of
from tasks.store.database.tables import approvals

_OF_ONE_QUESTION = 200


class ApprovalSeal(NamedTuple):
    """What an entry says of an approval: its document's hash; None: an older version wrote it."""

    seq: int
    incident_id: str
    document: str | None


def approval_seal(
    details: Mapping[str, Any], seq: int, incident_id: str
) -> tuple[str, ApprovalSeal] | None:
    """The approval that an entry changed, with its seal; None: it changed none."""
    approval = details.get("approval")
    if not isinstance(approval, str) or not isinstance(details.get("shown"), str):
        return None
    document = details.get(DOCUMENT)
    known = document if isinstance(document, str) else None
    return approval, ApprovalSeal(seq, incident_id, known)


def verify_approvals(
    connection: Connection, seals: Mapping[str, ApprovalSeal], only: Iterable[str] | None = None
) -> None:
    """Verify that every approval is as the entries left it; none missing, none invented.

    seals: of each approval its newest. only: those of these incidents; None: all.
    Raises AuditBroken that names the first.
    """
    left = dict(seals)
    for row in _rows(connection, only):
        name = f"approval {row.id} (incident {row.incident_id})"
        seal = left.pop(row.id, None)
        if seal is None or seal.incident_id != row.incident_id:
            raise AuditBroken(
                f"{name} has no entry in the audit log of its incident: it was put there by "
                "something else than AEEF Runbooks"
            )
        if seal.document is None:
            continue
        if hash_of_text(row.document) != seal.document:
            raise AuditBroken(
                f"{name} is not as audit entry {seal.seq} left it: who signed it, or what, was "
                "changed outside AEEF Runbooks"
            )
        if dict(row._mapping) != columns_of(approval_of(row)):  # noqa: SLF001 (documented)
            raise AuditBroken(
                f"the columns of {name} do not fit its document: they were changed outside AEEF "
                "Runbooks"
            )
    for approval, seal in left.items():
        raise AuditBroken(
            f"approval {approval} (incident {seal.incident_id}) is missing, though audit entry "
            f"{seal.seq} changed it: it was deleted"
        )


def _rows(connection: Connection, only: Iterable[str] | None) -> Iterable[Row[Any]]:
    query = select(approvals).order_by(approvals.c.id)
    if only is None:
        yield from connection.execute(query)
        return
    ids = sorted(only)
    for start in range(0, len(ids), _OF_ONE_QUESTION):
        some = ids[start : start + _OF_ONE_QUESTION]
        yield from connection.execute(query.where(approvals.c.incident_id.in_(some)))
