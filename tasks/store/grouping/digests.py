"""Pages that come too fast for one person: which of them are notified together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update

from schemas.incident import Incident, Severity
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.database import Database
from tasks.store.database.tables import NOT_OVER, incidents, paged
from tasks.store.records import find, incident_of


class Collected(NamedTuple):
    """A page that is sent together with others. carrier: the incident whose page tells of it."""

    carrier: Incident


class UntoldDigest(NamedTuple):
    """What a digest has to say. upto: the newest page that it includes.

    number, still_open: of its incidents. worst: of those that are open; None: all are over.
    notified_at: when something was notified of it last.
    """

    carrier: Incident
    since: datetime
    upto: str
    number: int
    still_open: int
    worst: Incident | None
    notified_at: datetime | None


def collect(
    log: AuditLog, incident: Incident, key: str, contact: str, *, above: int, within: timedelta
) -> Collected | None:
    """Decide once for each page: see `Store.collect_page`.

    The first P1 of a service in that time always has a page of its own. Drills and what is real
    are counted apart, and no page of one tells of the other.
    """
    same = incidents.c.is_drill == int(incident.is_drill)

    def work(chain: Chain) -> Collected | None:
        connection, mine = chain.connection, {"incident_id": str(incident.incident_id), "key": key}
        decided = select(paged.c.carrier).filter_by(**mine)
        before = connection.execute(decided).one_or_none()
        if before is not None:
            return _carried_by(connection, before.carrier)
        lately = (paged.c.contact == contact, paged.c.at > moment_text(chain.now - within))
        mine_too = select(paged.c.service).join(incidents, incidents.c.id == paged.c.incident_id)
        recent = connection.execute(mine_too.where(*lately, same)).scalars().all()
        is_first = incident.severity is Severity.P1 and incident.service not in recent
        carrier = None
        if len(recent) >= above and not is_first:
            carrier = _open_carrier(connection, *lately, same) or mine["incident_id"]
        new = {
            **mine,
            "contact": contact,
            "service": incident.service,
            "at": moment_text(chain.now),
            "carrier": carrier,
        }
        connection.execute(insert(paged).values(**new))
        return _carried_by(connection, carrier)

    return log.change(work)


def untold(database: Database) -> list[UntoldDigest]:
    """See `Store.untold_digests`."""
    new = paged.c.carrier.is_not(None), paged.c.notified_at.is_(None)
    with database.read() as connection:
        carriers = connection.execute(select(paged.c.carrier).where(*new).distinct()).scalars()
        return [_digest(connection, carrier) for carrier in carriers.all()]


def notified(database: Database, digest: UntoldDigest, now: datetime) -> None:
    """See `Store.digest_notified`."""
    change = (
        update(paged)
        .where(
            paged.c.carrier == str(digest.carrier.incident_id),
            paged.c.at <= digest.upto,
            paged.c.notified_at.is_(None),
        )
        .values(notified_at=moment_text(now))
    )

    def work(connection: Connection) -> None:
        connection.execute(change)

    database.write(work)


def _open_carrier(connection: Connection, *lately: Any) -> str | None:
    query = (
        select(paged.c.carrier)
        .join(incidents, incidents.c.id == paged.c.carrier)
        .where(NOT_OVER, *lately)
        .order_by(paged.c.at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def _carried_by(connection: Connection, carrier: str | None) -> Collected | None:
    return None if carrier is None else Collected(incident_of(find(connection, carrier)))


def _digest(connection: Connection, carrier: str) -> UntoldDigest:
    mine = paged.c.carrier == carrier
    since, upto, notified_at, number = connection.execute(
        select(
            func.min(paged.c.at),
            func.max(paged.c.at),
            func.max(paged.c.notified_at),
            func.count(paged.c.incident_id.distinct()),
        ).where(mine)
    ).one()
    ids = select(paged.c.incident_id).where(mine)
    still_open = select(incidents).where(NOT_OVER, incidents.c.id.in_(ids))
    order = still_open.order_by(incidents.c.severity, incidents.c.opened_at)
    rows: list[Row[Any]] = list(connection.execute(order).all())
    return UntoldDigest(
        carrier=incident_of(find(connection, carrier)),
        since=datetime.fromisoformat(since),
        upto=upto,
        number=number,
        still_open=len(rows),
        worst=incident_of(rows[0]) if rows else None,
        notified_at=notified_at and datetime.fromisoformat(notified_at),
    )
