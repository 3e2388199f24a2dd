"""Claims: the right to do something once for an incident, with a lease."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, insert, select, update

from schemas.incident import canonical_json
from tasks.base.storable import clean_json, clean_text, moment_text
from tasks.store.audit.audit import Clock
from tasks.store.database.database import Database
from tasks.store.database.tables import NOT_OVER, claims, incidents
from tasks.store.records import find

_IS_IT = and_(claims.c.incident_id == bindparam("of"), claims.c.key == bindparam("named"))
_ONE = select(claims).where(_IS_IT).with_for_update()
_NEW = insert(claims)
_CHANGED = update(claims).where(_IS_IT)


class Claim(NamedTuple):
    """The state of a claim.

    held: the caller has it and must do the work, until `expires_at`.
    done: `result` is the finished work's result.
    busy: `holder` has it until `expires_at`.
    free: nobody has it; only `Store.claims` returns this, as claiming makes the caller the holder.
    """

    state: Literal["held", "done", "busy", "free"]
    result: dict[str, Any] | None
    holder: str | None
    expires_at: datetime | None
    attempts: int


class Claims:
    """The claims of one database. Their leases end by its lease clock, not by the time of day."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, incident_id: UUID | str, key: str, holder: str, lease: timedelta) -> Claim:
        """Take the claim if it is free, its lease ran out, or the holder is the same."""
        key, holder = clean_text(key), clean_text(holder)

        def work(connection: Connection) -> Claim:
            now = self._database.lease_now(connection)
            until = now + lease
            incident, row = _locked(connection, incident_id, key)
            if row is not None:
                standing = _standing(row, now)
                if standing.state == "done" or (
                    standing.state == "busy" and standing.holder != holder
                ):
                    return standing
            attempts = 1 if row is None else row.attempts + 1
            values = {"holder": holder, "leased_until": moment_text(until), "attempts": attempts}
            _save(connection, incident, key, row, values)
            return Claim("held", None, holder, until, attempts)

        return self._database.write(work)

    def finish(
        self, incident_id: UUID | str, key: str, holder: str, result: dict[str, Any]
    ) -> bool:
        """Mark it as done. False if somebody else finished it before: the holder lost its lease."""
        key, holder = clean_text(key), clean_text(holder)

        def work(connection: Connection) -> bool:
            incident, row = _locked(connection, incident_id, key)
            if row is not None and row.done_at is not None:
                return bool(row.holder == holder)
            # Even when the lease ran out, or another holds it now: the work was done.
            values = {
                "holder": holder,
                "leased_until": None,
                "attempts": 1 if row is None else row.attempts,
                "result": canonical_json(clean_json(result)),
                "done_at": moment_text(self._clock()),
            }
            _save(connection, incident, key, row, values)
            return True

        return self._database.write(work)

    def release(self, incident_id: UUID | str, key: str, holder: str) -> None:
        """Release it without finishing: the next caller can claim it at once."""
        key, holder = clean_text(key), clean_text(holder)

        def work(connection: Connection) -> None:
            incident, row = _locked(connection, incident_id, key)
            if row is not None and row.done_at is None and row.holder == holder:
                _save(connection, incident, key, row, {"holder": None, "leased_until": None})

        self._database.write(work)

    def all(self, incident_id: UUID | str) -> Mapping[str, Claim]:
        """Every claim of an incident, by its key."""
        with self._database.read() as connection:
            now = self._database.lease_now(connection)
            incident = find(connection, incident_id).id
            rows = connection.execute(
                select(claims).where(claims.c.incident_id == incident).order_by(claims.c.key)
            )
            return {row.key: _standing(row, now) for row in rows}

    def incidents_with(self, key: str) -> list[UUID]:
        """Every incident for which this is done, including those that are over."""
        query = (
            select(claims.c.incident_id)
            .where(claims.c.key == key, claims.c.done_at.is_not(None))
            .order_by(claims.c.done_at, claims.c.incident_id)
        )
        with self._database.read() as connection:
            return [UUID(row.incident_id) for row in connection.execute(query)]

    def unfinished(self, key_prefix: str) -> list[tuple[UUID, str]]:
        """Held and unfinished claims of open incidents, whether or not the lease ran out."""
        query = (
            select(claims.c.incident_id, claims.c.holder)
            .join(incidents, incidents.c.id == claims.c.incident_id)
            .where(
                NOT_OVER,
                claims.c.key.startswith(key_prefix, autoescape=True),
                claims.c.done_at.is_(None),
                claims.c.holder.is_not(None),
            )
        )
        with self._database.read() as connection:
            return [(UUID(row.incident_id), row.holder) for row in connection.execute(query)]


def _locked(
    connection: Connection, incident_id: UUID | str, key: str
) -> tuple[str, Row[Any] | None]:
    incident = find(connection, incident_id).id
    return incident, connection.execute(_ONE, {"of": incident, "named": key}).one_or_none()


def _save(
    connection: Connection, incident: str, key: str, row: Row[Any] | None, values: dict[str, Any]
) -> None:
    if row is None:
        # Of two concurrent inserts one fails as not unique, and its transaction runs again.
        connection.execute(_NEW, {"incident_id": incident, "key": key, **values})
    else:
        connection.execute(_CHANGED, {"of": incident, "named": key, **values})


def _standing(row: Row[Any], now: datetime) -> Claim:
    if row.done_at is not None:
        return Claim("done", json.loads(row.result), row.holder, None, row.attempts)
    until = None if row.leased_until is None else datetime.fromisoformat(row.leased_until)
    if until is not None and until > now:
        return Claim("busy", None, row.holder, until, row.attempts)
    return Claim("free", None, row.holder, until, row.attempts)
