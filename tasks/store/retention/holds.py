"""Legal holds in the store: put, released, and what they cover."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, insert, select, update

from schemas.errors import AuditBroken, InvalidInput, NotPossibleNow
from schemas.incident import Incident, canonical_json
from schemas.lifecycle import Filter
from schemas.retention import Hold
from tasks.base.storable import clean_json, clean_text, moment_text
from tasks.store.audit.audit import Chain
from tasks.store.database.tables import STANDING, holds
from tasks.store.records import Change, find, incident_of
from tasks.store.retention.sealed_holds import hold_seal


def put_hold(
    chain: Chain,
    incident_id: UUID | str | None,
    wanted: Filter | None,
    *,
    reason: str,
    actor: str,
) -> Hold:
    """Put a hold; on record. Raises InvalidInput when it would cover everything, or for no reason.

    One incident is held once: a second hold of it is another reason, with a number of its own.
    """
    reason = clean_text(reason).strip()
    if not reason:
        raise InvalidInput("reason: say why it is held")
    incident = None if incident_id is None else incident_of(find(chain.connection, incident_id))
    filtered = {} if wanted is None else _fields(wanted)
    if incident is None and not filtered:
        raise InvalidInput(
            "say what is held: an incident, or at least one of severity, type, service, status,"
            " since, q"
        )
    values = {
        "incident_id": None if incident is None else str(incident.incident_id),
        "wanted": canonical_json(clean_json(filtered)) if filtered else "",
        "reason": reason,
        "actor": clean_text(actor),
        "at": moment_text(chain.now),
        "ended_by": "",
        "ended_why": "",
    }
    number = chain.connection.execute(insert(holds).values(values).returning(holds.c.number))
    hold = _hold(chain.connection, number.scalar_one())
    said = f"legal hold {hold.number}: {reason}"
    if incident is not None:
        Change(chain, incident).record(said, actor=actor, automated=False)
    _seal(chain, hold, f"legal hold {hold.number} of {hold.covers}: {reason}", actor)
    return hold


def end_hold(chain: Chain, number: int, *, reason: str, actor: str) -> Hold:
    """Release a hold; on record. Raises InvalidInput when there is none, or it was released."""
    reason = clean_text(reason).strip()
    if not reason:
        raise InvalidInput("reason: say why it is released")
    hold = _hold(chain.connection, number)
    if hold.ended_at is not None:
        raise NotPossibleNow(f"legal hold {number} was released at {hold.ended_at:%Y-%m-%d %H:%M}")
    chain.connection.execute(
        update(holds)
        .where(holds.c.number == number)
        .values(ended_at=moment_text(chain.now), ended_by=clean_text(actor), ended_why=reason)
    )
    said = f"legal hold {number} of {hold.covers} released: {reason}"
    if hold.incident_id is not None:
        incident = incident_of(find(chain.connection, hold.incident_id))
        Change(chain, incident).record(said, actor=actor, automated=False)
    _seal(chain, hold, said, actor)
    return _hold(chain.connection, number)


def _seal(chain: Chain, hold: Hold, said: str, actor: str) -> None:
    """An entry of no incident, which stays when the incident goes: see `verify_holds`."""
    row = chain.connection.execute(select(holds).where(holds.c.number == hold.number)).one()
    chain.append(None, said, actor=actor, automated=False, details=hold_seal(row))


def all_holds(connection: Connection) -> list[Hold]:
    """Every hold there was, the oldest first."""
    return [hold_of(row) for row in connection.execute(select(holds).order_by(holds.c.number))]


class Standing:
    """The holds that stand, asked about one incident after the other."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute(select(holds).where(STANDING).order_by(holds.c.number))
        found = [hold_of(row) for row in rows]
        self._by_id = {each.incident_id: each for each in found if each.incident_id is not None}
        self._filters = [
            (each, Filter.model_validate(each.wanted)) for each in found if not each.incident_id
        ]

    @property
    def are_none(self) -> bool:
        """True when nothing at all is held."""
        return not (self._by_id or self._filters)

    def over(self, incident: Incident) -> Hold | None:
        """A hold that covers the incident; None: none does."""
        if incident.incident_id in self._by_id:
            return self._by_id[incident.incident_id]
        return next((hold for hold, wanted in self._filters if wanted.fits(incident)), None)

    def among(self, incidents: Sequence[Incident]) -> dict[UUID, Hold]:
        """Which of these are held, and by which hold."""
        found = ((each.incident_id, self.over(each)) for each in incidents)
        return {incident_id: hold for incident_id, hold in found if hold is not None}


def hold_of(row: Row[Any]) -> Hold:
    """The hold of a row. Raises AuditBroken when it cannot be read: then nothing is deleted."""
    try:
        return Hold(
            number=row.number,
            incident_id=row.incident_id,
            wanted=json.loads(row.wanted or "{}"),
            reason=row.reason,
            actor=row.actor,
            at=row.at,
            ended_at=row.ended_at,
            ended_by=row.ended_by or None,
            ended_why=row.ended_why or None,
        )
    except (ValidationError, ValueError) as error:
        raise AuditBroken(f"legal hold {row.number} cannot be read: it was changed") from error


def _fields(wanted: Filter) -> dict[str, Any]:
    """What a filter asks for, without what pages through a list."""
    data = wanted.to_json()
    return {
        name: value
        for name, value in data.items()
        if name not in ("limit", "before") and value not in ("", [])
    }


def _hold(connection: Connection, number: int) -> Hold:
    row = connection.execute(select(holds).where(holds.c.number == number)).one_or_none()
    if row is None:
        raise InvalidInput(f"there is no legal hold {number}; `aeef hold list` shows all")
    return hold_of(row)
