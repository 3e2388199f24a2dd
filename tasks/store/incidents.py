"""Reads and updates incidents; every change is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from schemas.figures import Moment
from schemas.incident import (
    Alert,
    Incident,
    IncidentType,
    PostMortem,
    Severity,
    Status,
    event_of,
)
from tasks.base.storable import clean_json, clean_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import NOT_OVER, incidents
from tasks.store.grouping.alerts import open_one_with_key
from tasks.store.outbox import put_event
from tasks.store.records import Change, find, incident_of
from tasks.store.tallies import Count, count


class Incidents:
    """The incidents of one database."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._database = log.database

    def get(self, incident_id: UUID | str) -> Incident:
        """One incident."""
        with self._database.read() as connection:
            return incident_of(find(connection, incident_id))

    def alert(self, incident_id: UUID | str) -> Alert:
        """The alert that opened it."""
        with self._database.read() as connection:
            return Alert.model_validate(json.loads(find(connection, incident_id).alert))

    def list(
        self,
        *,
        status: Status | None,
        open_only: bool,
        limit: int,
        before: UUID | str | None,
        to_review: Collection[Severity] | None,
    ) -> list[Incident]:
        """Incidents, newest first."""
        order = tuple_(incidents.c.opened_at, incidents.c.id)
        query = (
            select(incidents)
            .order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
            .limit(limit)
        )
        if status is not None:
            query = query.where(incidents.c.status == status.value)
        if open_only:
            query = query.where(NOT_OVER)
        if to_review is not None:
            of = incidents.c.severity.in_([each.value for each in to_review])
            query = query.where(of, incidents.c.status != Status.CLOSED.value)
        with self._database.read() as connection:
            if before is not None:
                last = find(connection, before)
                query = query.where(order < tuple_(last.opened_at, last.id))
            return [incident_of(row) for row in connection.execute(query)]

    def open_one_of(self, dedup_key: str) -> Incident | None:
        """The open incident with this dedup key."""
        with self._database.read() as connection:
            row = open_one_with_key(connection, clean_text(dedup_key))
        return None if row is None else incident_of(row)

    def opened_at(self, incident_id: UUID | str) -> datetime:
        """When the present occurrence was put on record, by our clock."""
        with self._database.read() as connection:
            row = find(connection, incident_id)
        return datetime.fromisoformat(row.relapsed_at or row.opened_at)

    def acknowledged_at(self, incident_id: UUID | str) -> datetime | None:
        """When somebody took the present occurrence; None: nobody has."""
        with self._database.read() as connection:
            taken = find(connection, incident_id).acknowledged_at
        return None if taken is None else datetime.fromisoformat(taken)

    def counts(self) -> dict[tuple[IncidentType, Severity, Status], int]:
        """The number of incidents of each type, severity and status."""
        kind = (incidents.c.type, incidents.c.severity, incidents.c.status)
        query = select(*kind, func.count()).group_by(*kind)
        with self._database.read() as connection:
            return {
                (IncidentType(row[0]), Severity(row[1]), Status(row[2])): row[3]
                for row in connection.execute(query)
            }

    def record_action(
        self,
        incident_id: UUID | str,
        text: str,
        *,
        actor: str,
        automated: bool,
        entry_id: UUID | None,
        timestamp: datetime | None,
        in_record: bool,
        moment: Moment | None,
        occurrence: int | None,
        counts: Sequence[Count],
    ) -> bool:
        """Record an action; False when this entry exists already."""

        def work(chain: Chain) -> bool:
            change = Change(chain, incident_of(find(chain.connection, incident_id)))
            if entry_id is not None and chain.has(entry_id):
                return False
            write = change.record if in_record else change.note
            is_late = occurrence is not None and occurrence != change.incident.occurrence
            write(
                text,
                actor=actor,
                automated=automated,
                entry_id=entry_id,
                timestamp=timestamp,
                moment=None if is_late else moment,
            )
            count(chain.connection, change.incident, counts)
            return True

        return self._log.change(work)

    def set_status(
        self,
        incident_id: UUID | str,
        status: Status,
        *,
        actor: str,
        automated: bool,
        reason: str,
        entry_id: UUID | None,
    ) -> Incident:
        """Set a later status; nothing happens when `entry_id` exists already."""

        def work(change: Change, _row: Any) -> None:
            before = change.incident.status
            heard = entry_id is not None and change.chain.has(entry_id)
            if heard or not status.comes_after(before):
                return
            ends = status.is_over and change.incident.resolved_at is None
            change.record(
                f"status: {before} → {status}" + (f" ({reason})" if reason else ""),
                actor=actor,
                automated=automated,
                entry_id=entry_id,
                status=status,
                resolved_at=change.chain.now if ends else change.incident.resolved_at,
            )
            change.emit(event_of(status))

        return self._change(incident_id, work)

    def update(
        self,
        incident_id: UUID | str,
        *,
        actor: str,
        root_cause: str | None,
        post_mortem: PostMortem | None,
        add_services: Sequence[str],
    ) -> Incident:
        """Add a person's findings to the record; values already there change nothing."""
        cause = None if root_cause is None else clean_text(root_cause)
        learned = None
        if post_mortem is not None:
            learned = PostMortem.model_validate(clean_json(post_mortem.to_json()))

        def work(change: Change, _row: Any) -> None:
            old = change.incident
            new: dict[str, Any] = {}
            said = []
            if cause is not None and cause != old.root_cause:
                new["root_cause"] = cause
                said.append("root cause recorded")
            if learned is not None and learned != old.post_mortem:
                new["post_mortem"] = learned
                said.append("post-mortem recorded")
            services = [
                name
                for name in dict.fromkeys(clean_text(service) for service in add_services)
                if name not in old.affected_services
            ]
            if services:
                new["affected_services"] = [*old.affected_services, *services]
                said.append(f"affected services added: {', '.join(services)}")
            if said:
                details = {} if cause is None else {"rootCause": cause}
                change.record("; ".join(said), actor=actor, automated=False, details=details, **new)

        return self._change(incident_id, work)

    def emit(
        self,
        incident_id: UUID | str,
        event: str,
        payload: dict[str, Any],
        event_id: UUID | None,
        counts: Sequence[Count],
    ) -> None:
        """Put an event into the outbox."""

        def work(chain: Chain) -> None:
            incident = incident_of(find(chain.connection, incident_id))
            is_new = put_event(
                chain.connection,
                incident,
                event,
                payload,
                head=(chain.seq, chain.hash),
                now=chain.now,
                event_id=event_id,
            )
            if is_new:
                count(chain.connection, incident, counts)

        self._log.change(work)

    def _change(self, incident_id: UUID | str, work: Callable[[Change, Any], None]) -> Incident:
        def transaction(chain: Chain) -> Incident:
            row = find(chain.connection, incident_id)
            change = Change(chain, incident_of(row))
            work(change, row)
            return change.incident

        return self._log.change(transaction)
