"""Finds open incidents for which something should have been done by now, and was not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select

from schemas.incident import Incident, Severity
from tasks.base.storable import clean_text, moment_text
from tasks.store.claim_keys import OCCURRENCE, PAGE, RAISED, RUNBOOK, WORD
from tasks.store.database.database import Database
from tasks.store.database.tables import NOT_OVER, claims, incidents
from tasks.store.records import incident_of

_BEGAN: ColumnElement[Any] = func.coalesce(incidents.c.relapsed_at, incidents.c.opened_at)
_BEGAN_OR_SAID: ColumnElement[Any] = case(
    (incidents.c.word_at > _BEGAN, incidents.c.word_at), else_=_BEGAN
)


def missing_claim(
    database: Database,
    key: str,
    now: datetime,
    older_than: timedelta,
    severity: Severity | None,
    limit: int,
) -> Sequence[Incident]:
    """Those older than this, for which nobody did or is doing `key`; oldest first.

    What counts is the present occurrence: its beginning, and its key (`claim_keys.of_occurrence`);
    of a page, that of the severity as it rose.
    """
    plain: ColumnElement[Any] = literal(clean_text(key))
    if severity is not None and key == f"{PAGE}{severity}":
        plain = case((incidents.c.raised == 1, f"{key}{RAISED}"), else_=key)
    wanted = _of_occurrence(plain)
    return _missing(database, wanted, _BEGAN, now, older_than, severity, limit)


def missing_runbook(
    database: Database, severity: Severity, now: datetime, older_than: timedelta, limit: int
) -> Sequence[Incident]:
    """Those whose runbook at this severity nobody carried out or is carrying out.

    Once a guess has become somebody's word it has to run once more, and its time runs from then.
    """
    key = f"{RUNBOOK}{severity}"
    after_word = incidents.c.word_at.is_not(None)
    wanted = _of_occurrence(case((after_word, f"{key}{WORD}"), else_=key))
    return _missing(database, wanted, _BEGAN_OR_SAID, now, older_than, severity, limit)


def _of_occurrence(key: ColumnElement[Any]) -> ColumnElement[Any]:
    later = key + literal(OCCURRENCE) + cast(incidents.c.occurrence, String)
    return case((incidents.c.occurrence == 1, key), else_=later)


def _missing(
    database: Database,
    wanted: ColumnElement[Any],
    since: ColumnElement[Any],
    now: datetime,
    older_than: timedelta,
    severity: Severity | None,
    limit: int,
) -> Sequence[Incident]:
    mine = and_(claims.c.incident_id == incidents.c.id, claims.c.key == wanted)
    # Far in the future: the time of day went back since then; it may have been long ago. A little:
    # another machine's clock is ahead, or the incident was opened after we looked at ours.
    old = or_(since < moment_text(now - older_than), since > moment_text(now + older_than))
    query = select(incidents).outerjoin(claims, mine).where(NOT_OVER, old)
    if severity is not None:
        query = query.where(incidents.c.severity == severity.value)
    with database.read() as connection:
        leases = moment_text(database.lease_now(connection))
        free = or_(claims.c.leased_until.is_(None), claims.c.leased_until <= leases)
        nobody = query.where(claims.c.done_at.is_(None), free)
        ordered = nobody.order_by(since, incidents.c.id).limit(limit)
        return [incident_of(row) for row in connection.execute(ordered)]
