"""Deduplication: opens an incident, or finds the one that an alert is about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from sqlalchemy import Connection, Row, insert, select

from schemas.incident import (
    DETECTED,
    Action,
    Alert,
    Incident,
    IncidentType,
    Severity,
    Status,
    canonical_json,
    dedup_key_for,
    hash_of_text,
    plausible_time,
    wants_look,
)
from tasks.base.storable import alert_json, clean_alert, clean_text, moment_text
from tasks.store.attaching import Opened, Typed, attach
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import NOT_OVER, incidents
from tasks.store.escalations.escalations import start_escalation
from tasks.store.records import Change, columns_of, incident_of


def open_or_attach(
    log: AuditLog,
    alert: Alert,
    typed: Typed,
    severity: Severity,
    announce: bool = True,
    relapse_within: timedelta | None = None,
    also: Collection[str] = (),
) -> Opened:
    """One open incident per problem; see `Store.open_or_attach`. relapse_within: None: never."""
    alert = clean_alert(alert)
    key = dedup_key_for(alert, typed.type)
    entry = delivery_entry(key, alert.delivery)

    def work(chain: Chain) -> Opened:
        again = entry is not None and chain.has(entry)
        found = (
            _with_key(chain, key, also_over=False)
            or open_one_about(chain.connection, typed.type, also)
            or _with_key(chain, key, also_over=True)
        )
        incident = None if found is None else incident_of(found)
        if incident and again:
            return Opened(incident, is_new=False, severity_raised=False)
        looks = (
            incident is not None
            and relapse_within is not None
            and wants_look(incident, alert, chain.now, relapse_within)
        )
        if incident and (looks or alert.names_one_occurrence or not incident.status.is_over):
            return attach(chain, incident, alert, typed, severity, entry, looks=looks)
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


def open_one_about(
    connection: Connection, incident_type: IncidentType, services: Collection[str]
) -> Row[Any] | None:
    """The oldest open incident of this type that affects one of the services."""
    if not services:
        return None
    query = select(incidents).where(NOT_OVER, incidents.c.type == incident_type.value)
    rows = connection.execute(query.order_by(incidents.c.opened_at))
    return next((r for r in rows if set(incident_of(r).affected_services) & set(services)), None)


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
    said, (believed, doubt) = alert.detected_at, plausible_time(alert.detected_at, chain.now)
    alert = alert.model_copy(update={"detected_at": believed})
    if doubt:
        related["detectedAtSaid"] = said.isoformat()
    words = clean_text(typed.guessed_from)
    guess = f"its type is guessed from {words}" if words else None
    text = "; ".join(filter(None, (f"incident opened from {alert.source}", doubt, guess)))
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
    start_escalation(chain.connection, incident, chain.now)
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
