"""The keys of original alerts: one for each incident, destroyed to erase what it locks."""

from __future__ import annotations

import base64
import secrets
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from schemas.errors import NotPossibleNow
from schemas.incident import Incident
from tasks.store.audit.audit import Chain
from tasks.store.database.tables import original_keys
from tasks.store.records import Change, find
from tasks.store.retention.holds import Standing
from tasks.store.retention.sealed_holds import verify_holds

KEY_BYTES = 64
"""Of AES-SIV with AES-256 (RFC 5297): two keys of 32 bytes."""


def key_of(connection: Connection, incident_id: UUID | str, *, make: bool) -> bytes | None:
    """The key of an incident's originals; None: there is none, or it was destroyed."""
    incident = find(connection, incident_id).id
    mine = select(original_keys.c.key).where(original_keys.c.incident_id == incident)
    found = connection.execute(mine).scalar()
    if found is None and make:
        found = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        connection.execute(insert(original_keys).values(incident_id=incident, key=found))
    return base64.b64decode(found) if found else None


def erase(chain: Chain, incident: Incident, *, reason: str, actor: str) -> Incident:
    """Destroy the key. Raises NotPossibleNow when it is held, or there is nothing to destroy.

    AuditBroken when a hold was changed by hand.
    """
    verify_holds(chain.connection)
    hold = Standing(chain.connection).over(incident)
    if hold is not None:
        raise NotPossibleNow(
            f"{incident.title} is under legal hold {hold.number} ({hold.reason}): its original "
            "cannot be erased before `aeef hold release`"
        )
    mine = original_keys.c.incident_id == str(incident.incident_id)
    found = chain.connection.execute(select(original_keys.c.key).where(mine)).scalar()
    if found is None:
        raise NotPossibleNow(f"{incident.title} has no original alert that was kept sealed")
    if not found:
        raise NotPossibleNow(f"the original alert of {incident.title} was erased before")
    chain.connection.execute(update(original_keys).where(mine).values(key=""))
    change = Change(chain, incident)
    change.record(
        f"the original alert was erased, by destroying its key: {reason}",
        actor=actor,
        automated=False,
    )
    return change.incident
