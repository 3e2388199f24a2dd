"""Finds open incidents for which something that should have happened did not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import String, and_, case, cast, func, literal, or_, select

from schemas.incident import Incident, Severity
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import Clock
from tasks.store.claim_keys import OCCURRENCE
from tasks.store.database.database import Database
from tasks.store.database.tables import NOT_OVER, claims, incidents
from tasks.store.records import incident_of


def missing_claim(
    database: Database,
    clock: Clock,
    key: str,
    older_than: timedelta,
    limit: int,
    severity: Severity | None,
) -> Sequence[Incident]:
    """Open incidents, older than this, for which nobody did or is doing `key`; oldest first.

    What counts is the present occurrence: its age, and its key (`claim_keys.of_occurrence`).
    """
    now, key = clock(), clean_text(key)
    later = literal(f"{key}{OCCURRENCE}") + cast(incidents.c.occurrence, String)
    wanted = case((incidents.c.occurrence == 1, key), else_=later)
    mine = and_(claims.c.incident_id == incidents.c.id, claims.c.key == wanted)
    nobody = and_(
        claims.c.done_at.is_(None),
        or_(claims.c.leased_until.is_(None), claims.c.leased_until <= moment_text(now)),
    )
    began = func.coalesce(incidents.c.relapsed_at, incidents.c.opened_at)
    query = (
        select(incidents)
        .outerjoin(claims, mine)
        .where(NOT_OVER, began < moment_text(now - older_than), nobody)
        .order_by(began, incidents.c.id)
        .limit(limit)
    )
    if severity is not None:
        query = query.where(incidents.c.severity == severity.value)
    with database.read() as connection:
        return [incident_of(row) for row in connection.execute(query)]
