"""The rows of where people stand with an incident."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from schemas.incident import Incident, Phase, Severity, newest_of_flows
from schemas.incident.progress import in_order
from schemas.lifecycle import Disposition, Standing
from tasks.base.storable import clean_text, moment_text
from tasks.store.claim_keys import PROGRESS
from tasks.store.database.tables import claims, incidents, related, standings
from tasks.store.records import Change, incident_of

ACTOR = "aeef-runbooks"
_OF = standings.c.incident_id == bindparam("of")
_ONE = select(standings).where(_OF)
_NEW = insert(standings)
_CHANGE = update(standings).where(_OF)
_RELATED = select(related.c.other_id).where(related.c.incident_id == bindparam("of"))
_NOTED = select(claims.c.result).where(
    claims.c.incident_id == bindparam("of"),
    claims.c.key.startswith(PROGRESS, autoescape=True),
    claims.c.result.is_not(None),
)
NO_PROPOSAL = {"proposed_by": None, "proposed_why": None, "proposed_at": None}


def standing_of(connection: Connection, row: Row[Any]) -> Standing:
    """Where people stand with the incident of this row, as far as it still holds."""
    found = connection.execute(_ONE, {"of": row.id}).one_or_none()
    others = connection.execute(_RELATED, {"of": row.id}).scalars().all()
    if found is None:
        return Standing(related=tuple(UUID(each) for each in others))
    is_over = incident_of(row).status.is_over
    is_taken = row.acknowledged_at is not None
    since = max(found.owner_since or "", row.acknowledged_at or "") or None
    proposed = not is_over and (found.proposed_at or "") > (row.relapsed_at or "")
    return Standing(
        owner=found.owner if is_taken else None,
        owner_since=since if is_taken and found.owner else None,
        lead=found.lead,
        lead_since=found.lead_since,
        proposed_by=found.proposed_by if proposed else None,
        proposed_why=found.proposed_why if proposed else None,
        proposed_at=found.proposed_at if proposed else None,
        disposition=Disposition(found.disposition) if is_over and found.disposition else None,
        merged_into=found.merged_into if is_over else None,
        related=tuple(UUID(each) for each in others),
        reviewed_as=Severity(found.reviewed_as) if found.reviewed_as else None,
    )


def change_standing(connection: Connection, incident: Incident, **values: Any) -> None:
    """Set these columns."""
    of = str(incident.incident_id)
    if connection.execute(_ONE, {"of": of}).first() is None:
        connection.execute(_NEW, {"incident_id": of, **values})
    else:
        connection.execute(_CHANGE.values(**values), {"of": of})


def has_failed(connection: Connection, incident: Incident) -> bool:
    """True when a runbook of the present occurrence failed, and no later attempt made it good."""
    rows = connection.execute(_NOTED, {"of": str(incident.incident_id)}).scalars()
    began = incident.relapsed_at
    states = [s for s in in_order(json.loads(r) for r in rows) if began is None or s.at >= began]
    return any(each.phase in (Phase.FAILED, Phase.STOPPED) for each in newest_of_flows(states))


def propose(change: Change, by: str, why: str, entry: UUID | None = None) -> bool:
    """Put on record that somebody says that it is over, which people decide; False: again.

    why: why that does not end it by itself.
    """
    chain, incident = change.chain, change.incident
    row = chain.connection.execute(
        select(incidents).where(incidents.c.id == str(incident.incident_id))
    ).one()
    if standing_of(chain.connection, row).proposed_at is not None:
        return False
    by, why = clean_text(by), clean_text(why)
    change_standing(
        chain.connection,
        incident,
        proposed_by=by,
        proposed_why=why,
        proposed_at=moment_text(chain.now),
    )
    change.record(
        f"{by} says that it is over; it stays {incident.status}, for {why}. A person resolves it",
        actor=by,
        automated=True,
        entry_id=entry,
    )
    return True


def withdraw_proposal(change: Change) -> None:
    """It goes on: that it was over is no longer proposed."""
    connection = change.chain.connection
    row = connection.execute(_ONE, {"of": str(change.incident.incident_id)}).one_or_none()
    if row is None or row.proposed_at is None:
        return
    change_standing(connection, change.incident, **NO_PROPOSAL)
    change.record("it goes on: it is no longer proposed to resolve it", actor=ACTOR, automated=True)
