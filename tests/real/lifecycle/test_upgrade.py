"""A store of an earlier version: what was taken there keeps its owner."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, insert

from older_store import back_to_before
from schemas.incident import Alert, IncidentType, Severity
from tasks.base.storable import moment_text
from tasks.store import Store
from tasks.store.database.database import database_url
from tasks.store.database.tables import escalations


def test_what_was_taken_before_keeps_its_owner(database: str, home: Path) -> None:
    """Since when, too; what nobody had nobody has."""
    home.mkdir(mode=0o700, exist_ok=True)
    before = Store(database, home / "audit.anchors")
    taken, free = (
        before.open_or_attach(
            Alert(description=key, dedup_key=key), IncidentType.DRIFT, Severity.P1
        ).incident
        for key in "ab"
    )
    before.acknowledge(taken.incident_id, actor="ann")
    since = before.acknowledged_at(taken.incident_id)
    assert since is not None
    before.close()
    back_to_before(database, "0013")
    row = {
        "incident_id": str(taken.incident_id),
        "severity": "P1",
        "occurrence": 1,
        "began_at": moment_text(since),
        "done": 0,
        "taken_at": moment_text(since),
        "taken_by": "ann",
        "takes": 1,
        "revision": 1,
    }
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        connection.execute(insert(escalations).values(row))
    engine.dispose()
    after = Store(database, home / "audit.anchors")
    standing = after.lifecycle.standing(taken.incident_id)

    assert ("ann", since) == (standing.owner, standing.owner_since)
    assert after.lifecycle.standing(free.incident_id).owner is None
    after.close()
