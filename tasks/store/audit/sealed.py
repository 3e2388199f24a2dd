"""Verifies the records of incidents and their evidence against what the entries say of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from schemas.errors import AuditBroken
from schemas.incident import hash_of_text
from tasks.base.storable import moment_text
from tasks.store.audit.entries import Digest, Facts, RecordSeal, streamed
from tasks.store.audit.evidence import MANIFEST, broken_seal, problems_in
from tasks.store.audit.times import Times
from tasks.store.database.tables import audit, incidents

_OF_ONE_QUESTION = 200


def verify_records(connection: Connection, facts: Facts, only: Iterable[str] | None = None) -> None:
    """Verify that every record matches the entries that changed it; none missing, none invented.

    only: these incidents; None: all.
    """
    left, times = dict(facts.records), Times(connection)
    queries = [select(incidents).order_by(incidents.c.opened_at)]
    if only is not None:
        ids = sorted(only)
        queries = [
            select(incidents).where(incidents.c.id.in_(ids[start : start + _OF_ONE_QUESTION]))
            for start in range(0, len(ids), _OF_ONE_QUESTION)
        ]
    for query in queries:
        with streamed(connection, query) as rows:
            for row in rows:
                _verify_record(row, left.pop(row.id, None), facts)
                if _digest(row) != facts.actions[row.id].value():
                    raise AuditBroken(_which_action(connection, row))
                times.verify(row, facts.moments[row.id])
    times.end()
    for incident_id, seal in left.items():
        raise AuditBroken(
            f"incident {incident_id} is missing, though audit entry {seal.seq} changed its "
            "record: it was deleted"
        )


def _verify_record(row: Row[Any], seal: RecordSeal | None, facts: Facts) -> None:
    if seal is None:
        raise AuditBroken(
            f"incident {row.id} has no entry in the audit log: it was put into the database "
            "by something else than AEEF Runbooks"
        )
    if hash_of_text(row.document) != seal.record:
        raise AuditBroken(
            f"the record of incident {row.id} is not as audit entry {seal.seq} left it: "
            "its actions or other fields were changed outside AEEF Runbooks"
        )
    document = json.loads(row.document)
    if (document["type"], document["severity"], document["status"]) != (
        row.type,
        row.severity,
        row.status,
    ) or facts.numbers.get(row.id, row.number) != row.number:
        raise AuditBroken(
            f"the columns of incident {row.id} (type, severity, status, number) do not fit its "
            "record: they were changed outside AEEF Runbooks"
        )
    if facts.alerts.get(row.id) != hash_of_text(row.alert):
        raise AuditBroken(
            f"the alert that opened incident {row.id} was changed outside AEEF Runbooks"
        )


def _actions(row: Row[Any]) -> list[tuple[str, str, bool, str]]:
    """The actions in the record, as entries have them: what, who, by itself or not, when."""
    return [
        (
            each["action"],
            each["actor"],
            each["automated"],
            moment_text(datetime.fromisoformat(each["timestamp"])),
        )
        for each in json.loads(row.document)["actionsTaken"]
    ]


def _digest(row: Row[Any]) -> str:
    digest = Digest()
    for action in _actions(row):
        digest.add(*action)
    return digest.value()


def _which_action(connection: Connection, row: Row[Any]) -> str:
    """The first action that is not as its entry has it."""
    query = select(audit).where(audit.c.incident_id == row.id).order_by(audit.c.seq)
    rows = [each for each in connection.execute(query) if each.details]  # "": was disposed of
    entries = [each for each in rows if "record" in json.loads(each.details)]
    for number, (has, entry) in enumerate(zip(_actions(row), entries, strict=False), 1):
        says = (entry.action, entry.actor, bool(entry.automated), entry.timestamp)
        if has != says:
            parts = ("text", "actor", "way (automatic or not)", "time")
            wrong = ", ".join(
                f"{part} {mine!r} instead of {its!r}"
                for part, mine, its in zip(parts, has, says, strict=True)
                if mine != its
            )
            return (
                f"action {number} in the record of incident {row.id} is not as audit entry "
                f"{entry.seq} has it: {wrong}"
            )
    return (
        f"the record of incident {row.id} has {len(_actions(row))} actions, "
        f"but {len(entries)} audit entries say that they changed it"
    )


def verify_evidence(
    folder: Path,
    facts: Facts,
    is_here: Callable[[str], bool],
    known: Iterable[str],
    is_gone: Callable[[str], bool],
    *,
    reads: bool,
) -> dict[str, int]:
    """Verify the files of evidence on this machine; how many incidents have some elsewhere.

    known: those that had evidence here the last time. is_gone: whether an incident was disposed of,
    whose evidence may go, too. reads: every file; else only the sizes are compared, except of
    incidents that the entries at hand are about.
    """
    elsewhere: dict[str, int] = {}
    for (incident, machine), seal in facts.evidence.items():
        if not is_here(machine):
            elsewhere[machine] = elsewhere.get(machine, 0) + 1
        elif (problem := broken_seal(folder / incident, seal)) and not is_gone(incident):
            raise _broken(folder, incident, problem)
    for incident in sorted({*evidence_here(folder), *known}):
        problem = "it was here when it was verified last, and is gone"
        if (folder / incident / MANIFEST).exists():
            whole = reads or incident in facts.touched
            problem = next(problems_in(folder / incident, content=whole), "")
        if problem and not is_gone(incident):
            raise _broken(folder, incident, problem)
    return elsewhere


def _broken(folder: Path, incident: str, problem: str) -> AuditBroken:
    return AuditBroken(f"the evidence of incident {incident} ({folder / incident}): {problem}")


def evidence_here(folder: Path) -> list[str]:
    """The incidents that have evidence on this machine."""
    return sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))


def size_of_evidence(folder: Path) -> int:
    """How many bytes of evidence are on this machine."""
    return sum(path.lstat().st_size for path in folder.glob("*/*"))
