"""Deduplication: opens an incident, or finds the one that an alert is about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from sqlalchemy import Connection, Row, func, insert, select

from schemas.figures import Moment
from schemas.incident import (
    DETECTED,
    Action,
    Alert,
    Grouping,
    Incident,
    IncidentType,
    Severity,
    Status,
    canonical_json,
    dedup_key_for,
    group_of,
    hash_of_text,
    plausible_time,
    wants_look,
)
from schemas.incident.grouping import brings_work
from schemas.incident.relapse import OUTAGES
from tasks.base.storable import alert_json, clean_alert, clean_text, moment_text
from tasks.store.attaching import Opened, Report, Typed, attach
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import NOT_OVER, NUMBERED, disposals, incidents
from tasks.store.escalations.escalations import start_escalation
from tasks.store.grouping.alerts import (
    hear,
    knows,
    open_one_of_group,
    open_one_with_key,
    with_key,
)
from tasks.store.grouping.flaps import come_back, just_ended
from tasks.store.moments.moments import note_detected
from tasks.store.records import Change, columns_of, incident_of

# Created once, so that SQLAlchemy need not build them for each alert.
_NEWEST_DISPOSED = select(func.max(disposals.c.number)).scalar_subquery()
_NEWEST_NUMBER = select(func.max(incidents.c.number), _NEWEST_DISPOSED).where(NUMBERED)
_NEW = insert(incidents)
UNGROUPED = Grouping(by=())
TEAM = "team"
"""The label of an alert that says whose the service is."""


def open_or_attach(
    log: AuditLog,
    alert: Alert,
    typed: Typed,
    severity: Severity,
    announce: bool = True,
    relapse_within: timedelta | None = None,
    also: Collection[str] = (),
    new_id: UUID | None = None,
    grouping: Grouping = UNGROUPED,
) -> Opened:
    """One open incident per problem; see `Store.open_or_attach`. relapse_within: None: never."""
    alert = clean_alert(alert)
    key = dedup_key_for(alert, typed.type)
    group = group_of(alert, typed.type, grouping)
    entry = delivery_entry(key, alert.delivery)
    report = Report(alert, typed, severity, key, entry, grouping)

    def work(chain: Chain) -> Opened:
        again = entry is not None and chain.has(entry)
        found = with_key(chain.connection, key)
        if found is None or Status(found.status).is_over:
            about = open_one_about(chain.connection, typed.type, also, is_drill=alert.is_drill)
            found = about or open_one_of_group(chain, group, grouping.joins_within) or found
        incident = None if found is None else incident_of(found)
        if incident and again:
            return Opened(incident, is_new=False, severity_raised=False)
        if incident is None or (incident.status.is_over and not alert.names_one_occurrence):
            ended = just_ended(chain, group, key, grouping.flap_window)
            if ended is not None and not brings_work(alert):
                looks = relapse_within is not None and typed.type in OUTAGES
                return attach(
                    chain, come_back(chain, ended, grouping).incident, report, looks=looks
                )
        looks = False
        if found is not None and incident is not None and relapse_within is not None:
            is_new = not knows(chain, found, key)
            looks = wants_look(incident, alert, chain.now, relapse_within, is_new=is_new)
        if incident and (looks or alert.names_one_occurrence or not incident.status.is_over):
            return attach(chain, incident, report, looks=looks)
        own = _free_id(chain, new_id)
        chain.begins(own)
        incident = _open(chain, own, alert, typed, severity, key=key, entry=entry, group=group)
        hear(chain, incident, key, alert, severity)
        if announce:
            Change(chain, incident).emit(DETECTED)
        return Opened(incident, is_new=True, severity_raised=False)

    return log.change(work)


def _free_id(chain: Chain, wanted: UUID | None) -> UUID:
    if wanted is None:
        return uuid4()
    known = select(incidents.c.id).where(incidents.c.id == str(wanted))
    gone = select(disposals.c.incident_id).where(disposals.c.incident_id == str(wanted))
    return uuid4() if chain.connection.execute(known.union_all(gone)).first() else wanted


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
        same = open_one_with_key(chain.connection, key)
        own_key = key if same is None else f"aeef:id:{incident_id}"
        related = {} if same is None else {"sameTroubleAs": same.id}
        typed = Typed(incident_type)
        chain.begins(incident_id)
        incident = _open(chain, incident_id, alert, typed, severity, key=own_key, **related)
        return Opened(incident, is_new=True, severity_raised=False)

    return log.change(work)


def open_one_about(
    connection: Connection,
    incident_type: IncidentType,
    services: Collection[str],
    *,
    is_drill: bool = False,
) -> Row[Any] | None:
    """The oldest open incident of this type that affects one of the services; or such a drill."""
    if not services:
        return None
    same = incidents.c.type == incident_type.value, incidents.c.is_drill == int(is_drill)
    query = select(incidents).where(NOT_OVER, *same)
    rows = connection.execute(query.order_by(incidents.c.opened_at))
    return next((r for r in rows if set(incident_of(r).affected_services) & set(services)), None)


def _next_number(connection: Connection) -> int:
    """The next short number: whoever opens an incident holds the head of the audit chain.

    The number of an incident that was disposed of is not given again.
    """
    newest, disposed_of = connection.execute(_NEWEST_NUMBER).one()
    return max(newest or 0, disposed_of or 0) + 1


def _opening_text(alert: Alert, doubt: str | None, words: str) -> str:
    guess = f"its type is guessed from {words}" if words else ""
    return "; ".join(filter(None, (f"incident opened from {alert.source}", doubt, guess)))


def _hashed(name: str, key: str | None) -> dict[str, str | None]:
    """The columns of a key: itself, and its hash for the index."""
    return {f"{name}_key": key, f"{name}_hash": None if key is None else hash_of_text(key)}


def _open(
    chain: Chain,
    incident_id: UUID,
    alert: Alert,
    typed: Typed,
    severity: Severity,
    *,
    key: str,
    entry: UUID | None = None,
    group: str | None = None,
    **related: str,
) -> Incident:
    said, (believed, doubt) = alert.detected_at, plausible_time(alert.detected_at, chain.now)
    alert = alert.model_copy(update={"detected_at": believed})
    if doubt:
        related["detectedAtSaid"] = said.isoformat()
    words = clean_text(typed.guessed_from)
    text, actor = _opening_text(alert, doubt, words), alert.source
    incident = Incident(
        incident_id=incident_id,
        severity=severity,
        type=typed.type.value,
        type_source=typed.source,
        guessed_from=words,
        description=alert.description,
        detected_at=alert.detected_at,
        affected_services=[alert.service] if alert.service else [],
        actions_taken=[Action(timestamp=chain.now, action=text, actor=actor)],
        number=_next_number(chain.connection),
        is_drill=alert.is_drill,
    )
    team, alert_text = alert.labels.get(TEAM, ""), canonical_json(alert_json(alert))
    row = {
        **columns_of(incident),
        "id": str(incident_id),
        "number": incident.number,
        **_hashed("dedup", key),
        **_hashed("group", group),
        "opened_at": moment_text(chain.now),
        "alert": alert_text,
    }
    chain.connection.execute(_NEW, row)
    start_escalation(chain.connection, incident, chain.now)
    note_detected(chain.connection, incident, team)
    more = {"guessedFrom": words, "drill": alert.is_drill, "team": team}
    details = {
        "type": incident.type,
        "typeSource": typed.source.value,
        "severity": severity.value,
        "number": incident.number,
        "record": hash_of_text(row["document"]),
        "alert": hash_of_text(alert_text),
        "moment": Moment.DETECTED,
        **{name: value for name, value in more.items() if value},
        **related,
    }
    chain.append(incident_id, text, actor=actor, automated=True, details=details, entry_id=entry)
    return incident
