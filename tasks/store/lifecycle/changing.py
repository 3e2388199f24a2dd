"""What people change about an incident: severity, type, services; and what they write down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from sqlalchemy import Row, insert, select

from schemas.errors import InvalidInput
from schemas.incident import DETECTED, IncidentType, Severity, TypeSource, hash_of_text
from schemas.lifecycle import Verb
from tasks.base.storable import clean_text
from tasks.store.claim_keys import page_key, runbook_key
from tasks.store.database.tables import claims
from tasks.store.escalations.escalations import start_escalation, start_or_plan
from tasks.store.giving_word import answer_in, is_unanswered
from tasks.store.grouping.alerts import group_as
from tasks.store.lifecycle.guard import require
from tasks.store.lifecycle.owed_review import lower_review
from tasks.store.records import Change


def set_severity(
    change: Change,
    row: Row[Any],
    severity: Severity,
    actor: str,
    reason: str,
    *,
    mistaken: bool = False,
) -> bool:
    """Change it; a higher one is announced and paged anew, and taken anew.

    mistaken: it never was worse than this, so no review is owed for that; may be said later.
    """
    before = change.incident
    if severity is before.severity and not mistaken:
        return False
    require(Verb.SET_SEVERITY, before)
    if severity.is_worse_than(before.severity):
        raise_severity(
            change, severity, actor, f"severity {before.severity} → {severity}: {reason}"
        )
        return True
    owed = lower_review(change, row, severity, mistaken=mistaken)
    if severity is before.severity:
        if owed:
            change.record(f"severity {severity}: {reason}{owed}", actor=actor, automated=False)
        return bool(owed)
    change.record(
        f"severity {before.severity} → {severity}: {reason}{owed}",
        actor=actor,
        automated=False,
        severity=severity,
        raised=False,
    )
    # The steps of the lesser severity count from now, not after all those that were called.
    start_or_plan(change.chain.connection, change.incident, change.chain.now)
    _as_done_before(change, before_page=page_key(before), before_run=runbook_key(before))
    return True


def raise_severity(change: Change, severity: Severity, actor: str, text: str) -> None:
    """Who took it took the lesser one: this one is paged, and taken, anew."""
    change.record(
        text,
        actor=actor,
        automated=False,
        columns={"acknowledged_at": None},
        severity=severity,
        raised=True,
    )
    start_escalation(change.chain.connection, change.incident, change.chain.now)
    change.emit(DETECTED)


def set_type(change: Change, incident_type: IncidentType, actor: str, reason: str) -> bool:
    """Change the type, by whoever it was said; its runbook is announced. False: it was so.

    A guess is answered, as `aeef confirm` does. Another type is routed and responded to anew.
    """
    before = change.incident
    require(Verb.SET_TYPE, before)
    if is_unanswered(before):
        change.note(f"why it is {incident_type}: {reason}", actor=actor, automated=False)
        return answer_in(change, incident_type, actor).is_new
    if incident_type == before.type:
        return False
    columns = group_as(change.chain, before, incident_type)
    change.record(
        f"type {before.type} → {incident_type}: {reason}",
        actor=actor,
        automated=False,
        details={"type": incident_type.value, "typeSource": TypeSource.PERSON.value},
        columns=columns,
        type=incident_type.value,
        type_source=TypeSource.PERSON,
        # Its runbook has a key of its own from now on: it runs once more.
        word_at=before.word_at or change.chain.now,
    )
    change.emit(DETECTED)
    return True


def set_services(change: Change, add: Sequence[str], remove: Sequence[str], actor: str) -> bool:
    """Add and remove affected services; False when nothing changes."""
    require(Verb.SET_SERVICES, change.incident)
    old = change.incident.affected_services
    gone = {clean_text(each) for each in remove}
    new = dict.fromkeys([*old, *(clean_text(each) for each in add)])
    services = [each for each in new if each not in gone]
    added = [each for each in services if each not in old]
    removed = [each for each in old if each not in services]
    if not added and not removed:
        return False
    said = [f"added: {', '.join(added)}"] if added else []
    said += [f"removed: {', '.join(removed)}"] if removed else []
    change.record(
        f"affected services {'; '.join(said)}",
        actor=actor,
        automated=False,
        affected_services=services,
    )
    return True


def write_down(change: Change, kind: str, text: str, actor: str) -> bool:
    """Put a note or a decision on record; False when this person wrote the same before.

    kind: `note` or `decision`.
    """
    if kind == "decision":
        require(Verb.DECIDE, change.incident)
    text = clean_text(text).strip()
    if not text:
        raise InvalidInput(f"text: say what the {kind} is")
    identity = f"{kind}/{change.incident.occurrence}/{actor}/{hash_of_text(text)}"
    entry = uuid5(change.incident.incident_id, identity)
    if change.chain.has(entry):
        return False
    change.record(
        f"{kind}: {text}", actor=actor, automated=False, details={"kind": kind}, entry_id=entry
    )
    return True


def _as_done_before(change: Change, *, before_page: str, before_run: str) -> None:
    """Page and runbook of a higher severity count for the lower one, too: neither is done again."""
    connection, incident = change.chain.connection, change.incident
    mine = claims.c.incident_id == str(incident.incident_id)
    for old, new in ((before_page, page_key(incident)), (before_run, runbook_key(incident))):
        has = connection.execute(select(claims).where(mine, claims.c.key == new)).first()
        row = connection.execute(select(claims).where(mine, claims.c.key == old)).one_or_none()
        if row is not None and has is None:
            connection.execute(insert(claims).values({**row._asdict(), "key": new}))
