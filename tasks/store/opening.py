"""Deduplication: opens an incident, or attaches an alert to the open one."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from sqlalchemy import Row, insert, select

from schemas.incident import (
    DETECTED,
    Action,
    Alert,
    Incident,
    IncidentType,
    Severity,
    Status,
    TypeSource,
    canonical_json,
    dedup_key_for,
    hash_of_text,
)
from tasks.base.storable import alert_json, clean_alert, clean_text, first_line, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import incidents
from tasks.store.giving_word import give_word, takes_word
from tasks.store.records import Change, columns_of, incident_of


class Opened(NamedTuple):
    """The outcome for an alert: a new incident, or the one that it was attached to.

    masked: the alert contained personal identifiers; its original is not in the record.
    word_given: what was a guess is somebody's word now, and the runbook starts once more.
    """

    incident: Incident
    is_new: bool
    severity_raised: bool
    masked: bool = False
    word_given: bool = False


class Typed(NamedTuple):
    """The type of an alert and who says so; for a guess, from what (`schemas.incident.Triage`)."""

    type: IncidentType
    source: TypeSource = TypeSource.SENDER
    guessed_from: str = ""


def open_or_attach(
    log: AuditLog, alert: Alert, typed: Typed, severity: Severity, announce: bool = True
) -> Opened:
    """One open incident per problem; see `Store.open_or_attach`."""
    alert = clean_alert(alert)
    key = dedup_key_for(alert, typed.type)
    entry = delivery_entry(key, alert.delivery)

    def work(chain: Chain) -> Opened:
        again = entry is not None and chain.has(entry)
        found = _with_key(chain, key, also_over=again or alert.names_one_occurrence)
        if found is not None and again:
            return Opened(incident_of(found), is_new=False, severity_raised=False)
        if found is not None:
            return _attach(chain, incident_of(found), alert, typed, severity, entry)
        incident = _open(chain, uuid4(), alert, typed, severity, key=key, entry=entry)
        if announce:
            Change(chain, incident).emit(DETECTED)
        return Opened(incident, is_new=True, severity_raised=False)

    return log.change(work)


def delivery_entry(key: str, delivery: str | None) -> UUID | None:
    """The id of the audit entry that marks one delivery for this key as received."""
    if delivery is None:
        return None
    return uuid5(NAMESPACE_URL, f"aeef:delivery:{hash_of_text(key)}:{clean_text(delivery)}")


def open_with_id(
    log: AuditLog,
    incident_id: UUID,
    alert: Alert,
    incident_type: IncidentType,
    severity: Severity,
) -> Opened:
    """The record of an event from another emitter; see `Store.open_with_id`."""
    alert = clean_alert(alert)
    key = dedup_key_for(alert, incident_type)

    def work(chain: Chain) -> Opened:
        known = chain.connection.execute(
            select(incidents).where(incidents.c.id == str(incident_id))
        ).one_or_none()
        if known is not None:
            return Opened(incident_of(known), is_new=False, severity_raised=False)
        same = _with_key(chain, key, also_over=False)
        own_key = key if same is None else f"aeef:id:{incident_id}"
        related = {} if same is None else {"sameTroubleAs": same.id}
        typed = Typed(incident_type)
        incident = _open(chain, incident_id, alert, typed, severity, key=own_key, **related)
        return Opened(incident, is_new=True, severity_raised=False)

    return log.change(work)


def _with_key(chain: Chain, key: str, *, also_over: bool) -> Row[Any] | None:
    """The open incident with this key, else, if requested, the newest one that is over."""
    query = select(incidents).where(incidents.c.dedup_hash == hash_of_text(key))
    is_over = incidents.c.status.in_([s.value for s in Status if s.is_over])
    if not also_over:
        query = query.where(~is_over)
    query = query.order_by(is_over, incidents.c.opened_at.desc()).limit(1)
    return chain.connection.execute(query).one_or_none()


def _open(
    chain: Chain,
    incident_id: UUID,
    alert: Alert,
    typed: Typed,
    severity: Severity,
    *,
    key: str,
    entry: UUID | None = None,
    **related: str,
) -> Incident:
    words = clean_text(typed.guessed_from)
    guess = f"; its type is guessed from {words}" if words else ""
    text = f"incident opened from {alert.source}{guess}"
    incident = Incident(
        incident_id=incident_id,
        severity=severity,
        type=typed.type.value,
        type_source=typed.source,
        guessed_from=words,
        description=alert.description,
        detected_at=alert.detected_at,
        affected_services=[alert.service] if alert.service else [],
        actions_taken=[Action(timestamp=chain.now, action=text, actor=alert.source)],
    )
    alert_text = canonical_json(alert_json(alert))
    row = {
        **columns_of(incident),
        "id": str(incident_id),
        "dedup_key": key,
        "dedup_hash": hash_of_text(key),
        "opened_at": moment_text(chain.now),
        "alert": alert_text,
    }
    chain.connection.execute(insert(incidents).values(row))
    chain.append(
        incident_id,
        text,
        actor=alert.source,
        automated=True,
        details={
            "type": incident.type,
            "typeSource": typed.source.value,
            **({"guessedFrom": words} if words else {}),
            "severity": severity.value,
            "record": hash_of_text(row["document"]),
            "alert": hash_of_text(alert_text),
            **related,
        },
        entry_id=entry,
    )
    return incident


def _attach(
    chain: Chain,
    incident: Incident,
    alert: Alert,
    typed: Typed,
    severity: Severity,
    entry: UUID | None,
) -> Opened:
    change = Change(chain, incident)
    what = first_line(alert.description) or incident.type
    change.note(
        f"alert repeated: {what}",
        actor=alert.source,
        automated=True,
        details={
            "severity": severity.value,
            "service": alert.service,
            "detectedAt": moment_text(alert.detected_at),
        },
        entry_id=entry,
    )
    if incident.status.is_over:
        return Opened(incident, is_new=False, severity_raised=False)
    if alert.service and alert.service not in incident.affected_services:
        change.record(
            f"affected service added: {alert.service}",
            actor=alert.source,
            automated=True,
            affected_services=[*incident.affected_services, alert.service],
        )
    word_given = takes_word(incident, typed.type, typed.source) and give_word(
        change, typed.type, typed.source, actor=alert.source, automated=True
    )
    raised = severity.is_worse_than(incident.severity)
    if raised:
        change.record(
            f"severity raised {incident.severity} → {severity}",
            actor=alert.source,
            automated=True,
            severity=severity,
        )
    if raised or word_given:
        change.emit(DETECTED)
    return Opened(change.incident, is_new=False, severity_raised=raised, word_given=word_given)
