"""The alerts of each incident, and the incident that an alert belongs to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from schemas.incident import (
    Alert,
    Incident,
    IncidentType,
    Severity,
    Status,
    hash_of_text,
    retyped,
)
from tasks.base.storable import first_line, moment_text
from tasks.store.audit.audit import Chain
from tasks.store.database.tables import NOT_OVER, alerts, incidents, standings

_IS_IT = and_(alerts.c.incident_id == bindparam("of"), alerts.c.key_hash == bindparam("named"))
_ONE = select(alerts).where(_IS_IT)
_NEW = insert(alerts)
_CHANGED = update(alerts).where(_IS_IT)
_HAS_KEY = union_all(
    select(incidents.c.id).where(incidents.c.dedup_hash == bindparam("key")),
    select(alerts.c.incident_id).where(alerts.c.key_hash == bindparam("key")),
)
_OVER = [each.value for each in Status if each.is_over]
_IS_OVER = incidents.c.status.in_(_OVER)
_NEWEST_WITH_KEY = (
    select(incidents)
    .where(incidents.c.id.in_(_HAS_KEY))
    .order_by(_IS_OVER, incidents.c.opened_at.desc())
    .limit(1)
)
_LAST_HEARD = select(func.max(alerts.c.last_at)).where(alerts.c.incident_id == bindparam("of"))
_merged = incidents.alias("merged")
_MERGED_OF_GROUP = (
    select(incidents)
    .join(standings, standings.c.merged_into == incidents.c.id)
    .join(_merged, _merged.c.id == standings.c.incident_id)
    .where(_merged.c.group_hash == bindparam("group"), ~incidents.c.status.in_(_OVER))
    .order_by(incidents.c.opened_at.desc())
    .limit(1)
)
_OPEN_OF_GROUP = select(incidents).where(NOT_OVER, incidents.c.group_hash == bindparam("group"))


def with_key(connection: Connection, key: str) -> Row[Any] | None:
    """The open incident that an alert with this key belongs to, else the newest that is over."""
    return connection.execute(_NEWEST_WITH_KEY, {"key": hash_of_text(key)}).one_or_none()


def open_one_with_key(connection: Connection, key: str) -> Row[Any] | None:
    """The open incident that an alert with this key belongs to."""
    row = with_key(connection, key)
    return None if row is None or Status(row.status).is_over else row


def open_one_of_group(chain: Chain, group: str | None, joins_within: timedelta) -> Row[Any] | None:
    """The open incident of the group, or that it was merged into, unless it is silent for long.

    Then nobody may be at it any more: the next alert opens an incident of its own, which pages.
    """
    if group is None:
        return None
    wanted = {"group": hash_of_text(group)}
    row = chain.connection.execute(_OPEN_OF_GROUP, wanted).one_or_none()
    if row is None:
        return chain.connection.execute(_MERGED_OF_GROUP, wanted).one_or_none()
    heard = chain.connection.execute(_LAST_HEARD, {"of": row.id}).scalar() or row.opened_at
    if max(heard, row.relapsed_at or "") >= moment_text(chain.now - joins_within):
        return row
    leave = update(incidents).where(incidents.c.id == row.id)
    chain.connection.execute(leave.values(group_key=None, group_hash=None))
    return None


def group_as(chain: Chain, incident: Incident, incident_type: IncidentType) -> dict[str, Any]:
    """The columns of the incident's group, when its type turned out to be another one.

    None, when another open incident has that group: the alerts go on to belong to that one.
    """
    mine = select(incidents.c.group_key).where(incidents.c.id == str(incident.incident_id))
    group = retyped(chain.connection.execute(mine).scalar(), incident_type)
    if group is None:
        return {}
    hashed = hash_of_text(group)
    row = chain.connection.execute(_OPEN_OF_GROUP, {"group": hashed}).one_or_none()
    if row is not None and row.id != str(incident.incident_id):
        return {"group_key": None, "group_hash": None}
    return {"group_key": group, "group_hash": hashed}


def another_is_open(connection: Connection, row: Row[Any]) -> bool:
    """True when a newer incident has the same key or group: it pages for this trouble."""
    same = incidents.c.dedup_hash == row.dedup_hash
    if row.group_hash is not None:  # else every other incident without a group would be the same
        same = or_(same, incidents.c.group_hash == row.group_hash)
    query = select(incidents.c.id).where(NOT_OVER, same, incidents.c.id != row.id)
    return connection.execute(query).first() is not None


def hear(chain: Chain, incident: Incident, key: str, alert: Alert, severity: Severity) -> bool:
    """Count the alert; True when the incident did not have it yet."""
    now, which = moment_text(chain.now), _which(incident.incident_id, key)
    row = chain.connection.execute(_ONE, which).one_or_none()
    if row is not None:
        values: dict[str, Any] = {"times": row.times + 1, "last_at": now}
        if not alert.names_one_occurrence:  # that one does not begin again: it is an old message
            values["over_at"] = None
        chain.connection.execute(_CHANGED, {**which, **values})
        return False
    new = {
        "incident_id": str(incident.incident_id),
        "key_hash": hash_of_text(key),
        "severity": severity.value,
        "service": alert.service,
        "source": alert.source,
        "said": first_line(alert.description) or incident.type,
        "times": 1,
        "first_at": now,
        "last_at": now,
    }
    chain.connection.execute(_NEW, new)
    return True


def knows(chain: Chain, row: Row[Any], key: str) -> bool:
    """True when the incident has this alert already, or was opened by it."""
    which = {"of": row.id, "named": hash_of_text(key)}
    listed = chain.connection.execute(_ONE, which).first() is not None
    return listed or bool(row.dedup_hash == which["named"])


def end(chain: Chain, incident: Incident, key: str) -> bool:
    """Mark the alert as over; False when it was so before, or is not listed."""
    which = _which(incident.incident_id, key)
    change = _CHANGED.where(alerts.c.over_at.is_(None))
    done = chain.connection.execute(change, {**which, "over_at": moment_text(chain.now)})
    return done.rowcount > 0


def how_many(chain: Chain, incident: Incident) -> tuple[int, int]:
    """How many alerts the incident has, and how many of them go on."""
    mine = alerts.c.incident_id == str(incident.incident_id)
    query = select(func.count(), func.count() - func.count(alerts.c.over_at)).where(mine)
    number, going_on = chain.connection.execute(query).one()
    return number, going_on


def _which(incident_id: UUID, key: str) -> dict[str, str]:
    return {"of": str(incident_id), "named": hash_of_text(key)}
