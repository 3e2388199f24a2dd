"""Working rows that nobody needs any longer: events that were delivered, claims against doubles.

What may go is looked for without a lock; it goes a few rows at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, or_, select, tuple_

from tasks.base.storable import moment_text
from tasks.store.claim_keys import PAGERDUTY_EVENT, RETRY
from tasks.store.database.tables import (
    audit_head,
    claims,
    deliveries,
    incidents,
    outbox,
    takeovers,
    webhooks,
)
from tasks.store.records import incident_of
from tasks.store.retention.due import OVER
from tasks.store.retention.holds import Standing

AGAINST_DOUBLES = (PAGERDUTY_EVENT, RETRY, "slack-update:", "slack-page:", "slack-request:",
                   "told:")  # fmt: skip
"""Beginnings of keys that only keep a message or a request from being done twice. All others say
what was done, or what still stands, and go with their incident."""
_AT_ONCE = 100


class Some(NamedTuple):
    """Rows that may go, by their keys, each with its incident; after: where to go on."""

    rows: Sequence[Row[Any]]
    after: tuple[Any, ...] | None


def sent_events(
    connection: Connection, old: datetime, readers: Collection[str], after: tuple[Any, ...] | None
) -> Some:
    """Events that were delivered before that, of incidents that are over.

    readers: the webhooks in the settings: what one of them has not read, or has to deliver, stays.
    """
    newest = connection.execute(select(func.max(outbox.c.seq))).scalar() or 0
    read = connection.execute(
        select(func.min(webhooks.c.seq)).where(webhooks.c.name.in_(list(readers)))
    ).scalar()
    # Never the newest: SQLite would give its number again, and a webhook skip that event.
    last = min(newest - 1, newest if read is None else read)
    query = (
        select(outbox.c.seq, outbox.c.incident_id)
        .join(incidents, incidents.c.id == outbox.c.incident_id)
        .where(
            outbox.c.seq > (after[0] if after else 0),
            outbox.c.seq <= last,
            outbox.c.sent_at < moment_text(old),
            incidents.c.status.in_(OVER),
            outbox.c.event_id.not_in(select(deliveries.c.event_id)),
        )
        .order_by(outbox.c.seq)
        .limit(_AT_ONCE)
    )
    rows = connection.execute(query).all()
    return Some(rows, (rows[-1].seq,) if len(rows) == _AT_ONCE else None)


def old_claims(connection: Connection, old: datetime, after: tuple[Any, ...] | None) -> Some:
    """Claims against doubles that were done before that, of incidents that are over."""
    key = tuple_(claims.c.incident_id, claims.c.key)
    query = (
        select(claims.c.incident_id, claims.c.key)
        .join(incidents, incidents.c.id == claims.c.incident_id)
        .where(
            claims.c.done_at < moment_text(old),
            incidents.c.status.in_(OVER),
            or_(*(claims.c.key.startswith(each, autoescape=True) for each in AGAINST_DOUBLES)),
        )
    )
    if after is not None:
        query = query.where(key > tuple_(*after))
    rows = connection.execute(
        query.order_by(claims.c.incident_id, claims.c.key).limit(_AT_ONCE)
    ).all()
    last = (rows[-1].incident_id, rows[-1].key) if len(rows) == _AT_ONCE else None
    return Some(rows, last)


def delete_rows(connection: Connection, table: Table, rows: Sequence[Row[Any]]) -> int:
    """Delete these, unless their incident is held now; how many went."""
    # Whoever puts a hold has this lock, too: see `Chain`.
    connection.execute(select(audit_head.c.id).with_for_update()).all()
    held = _held(connection, {row.incident_id for row in rows})
    free = [row for row in rows if row.incident_id not in held]
    if not free:
        return 0
    keys = list(table.primary_key.columns)
    named = [[row._mapping[key.name] for key in keys] for row in free]  # noqa: SLF001
    is_it: ColumnElement[bool] = keys[0].in_([each[0] for each in named])
    if len(keys) > 1:
        is_it = tuple_(*keys).in_(named)
    return connection.execute(delete(table).where(is_it)).rowcount


def delete_takeovers(connection: Connection, old: datetime) -> int:
    """Delete what is kept of runs that died before that; how many rows."""
    return connection.execute(delete(takeovers).where(takeovers.c.at < moment_text(old))).rowcount


def _held(connection: Connection, ids: Collection[str]) -> set[str]:
    holds = Standing(connection)
    if holds.are_none:
        return set()
    rows = connection.execute(select(incidents).where(incidents.c.id.in_(list(ids)))).all()
    return {row.id for row in rows if holds.over(incident_of(row)) is not None}
