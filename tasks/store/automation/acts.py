"""The acts that were begun on targets: counted and begun in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select

from schemas.automation import DAY, Act, Begun, Limit, refusal
from schemas.incident import Incident
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import acts
from tasks.store.records import find, incident_of


def begin_act(
    log: AuditLog,
    incident_id: UUID | str,
    act: Act,
    target: str,
    *,
    actor: str,
    limit: Limit | None,
) -> str | None:
    """Count an act that begins now; see `Store.begin_act`.

    The transaction holds the lock of the audit chain's head, which all writers take: of two
    that ask at once, one counts the other.
    """

    def work(chain: Chain) -> str | None:
        incident = incident_of(find(chain.connection, incident_id))
        this = (str(incident.incident_id), incident.occurrence)
        rows = _in_a_day(chain.connection, act, target, chain.now)
        if any((row.incident_id, row.occurrence) == this for row in rows):
            return None  # it goes on with what it has begun: a retry, or a look at it
        begun = [_begun(row) for row in rows]
        if limit and (why := refusal(act, target, begun, limit, chain.now)):
            return why
        values = {
            "target": target,
            "act": act.value,
            "at": moment_text(chain.now),
            "incident_id": this[0],
            "occurrence": this[1],
            "actor": clean_text(actor),
            "automated": int(limit is not None),
        }
        chain.connection.execute(insert(acts).values(**values))
        return None

    return log.change(work)


def begun_for(log: AuditLog, incident: Incident) -> list[str]:
    """What was begun by itself for the present occurrence: `rollback of shop`."""
    mine = acts.c.incident_id == str(incident.incident_id)
    now = acts.c.occurrence == incident.occurrence
    query = select(acts).where(mine, now, acts.c.automated == 1).order_by(acts.c.at)
    with log.database.read() as connection:
        return [f"{row.act} of {row.target}" for row in connection.execute(query)]


def acts_begun(log: AuditLog, act: Act, target: str) -> list[Begun]:
    """The acts of one kind on a target in the last day, in order."""
    with log.database.read() as connection:
        return [_begun(row) for row in _in_a_day(connection, act, target, log.clock())]


def _in_a_day(connection: Connection, act: Act, target: str, now: datetime) -> Sequence[Row[Any]]:
    since = acts.c.at > moment_text(now - DAY)
    query = select(acts).where(acts.c.target == target, acts.c.act == act.value, since)
    return connection.execute(query.order_by(acts.c.at)).all()


def _begun(row: Row[Any]) -> Begun:
    return Begun(datetime.fromisoformat(row.at), row.actor, bool(row.automated))
