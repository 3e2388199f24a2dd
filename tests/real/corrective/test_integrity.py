"""A corrective action that is changed outside is found by `aeef audit verify`, and named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, insert, select, update

from fixtures.corrective import Actions, actions_with
from schemas.errors import AuditBroken, InvalidInput
from schemas.incident import canonical_json
from tasks.store.database.database import database_url
from tasks.store.database.tables import corrective_actions

TABLE = corrective_actions


def tamper(url: str, statement: Any) -> None:
    """What somebody with all rights in the database does."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


def row_of(url: str) -> dict[str, Any]:
    """The first action as it is stored."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        found = dict(connection.execute(select(TABLE)).mappings().first() or {})
    engine.dispose()
    return found


@pytest.fixture
def actions(database: str, home: Path) -> Actions:
    """One that is verified, and one that is open."""
    made = actions_with(home, database_url=database)
    made.verified()
    made.add()
    return made


def test_what_was_changed_by_us_verifies(actions: Actions) -> None:
    """Also only what is new."""
    assert actions.store.verify_audit().entries == actions.store.verify_audit().entries


@pytest.mark.parametrize("what", ["document", "column", "deleted", "invented", "older"])
def test_what_was_changed_outside_is_found(actions: Actions, database: str, what: str) -> None:
    """A field of the document, a column, a row too few, a row too many, an earlier state."""
    row = row_of(database)
    document = json.loads(row["document"])
    is_first = TABLE.c.number == 1
    statements = {
        "document": update(TABLE).where(is_first).values(
            document=canonical_json({**document, "verifiedBy": "eve (token)"})
        ),
        "column": update(TABLE).where(is_first).values(due_at="2099-01-01T00:00:00.000000+00:00"),
        "deleted": delete(TABLE).where(is_first),
        "invented": insert(TABLE).values({**row, "number": 77}),
        "older": update(TABLE).where(is_first).values(
            document=canonical_json({**document, "stage": "open"}), stage="open"
        ),
    }  # fmt: skip
    tamper(database, statements[what])

    named = "CA-77" if what == "invented" else "CA-1"
    with pytest.raises(AuditBroken, match=f"corrective action {named} "):
        actions.store.verify_audit()


def test_a_number_is_never_given_twice(actions: Actions) -> None:
    """And what has none is not there."""
    with pytest.raises(InvalidInput, match="there is no corrective action CA-9"):
        actions.store.corrective.one(9)
    assert "CA-3" == actions.add()
