"""Corrective actions as rows, and what the audit log says of each row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from schemas.corrective import CorrectiveAction, next_look
from schemas.errors import AuditBroken
from schemas.incident import canonical_json, hash_of_text
from tasks.base.storable import moment_text
from tasks.store.database.tables import corrective_actions

_OF_ONE_QUESTION = 200


class ActionSeal(NamedTuple):
    """What an entry says of a corrective action: the hash of its document."""

    seq: int
    incident_id: str
    document: str


def seal_of(
    details: Mapping[str, Any], seq: int, incident_id: str
) -> tuple[int, ActionSeal] | None:
    """The action that an entry changed, with its seal; None: it changed none."""
    said = details.get("corrective")
    if not isinstance(said, Mapping):
        return None
    number, document = said.get("number"), said.get("document")
    if not isinstance(number, int) or not isinstance(document, str):
        return None
    return number, ActionSeal(seq, incident_id, document)


def columns_of(action: CorrectiveAction) -> dict[str, Any]:
    """The action as a row, without its number."""
    look = next_look(action)
    return {
        "incident_id": str(action.incident_id),
        "category": action.category.value,
        "stage": action.stage.value,
        "owner": action.owner,
        "due_at": moment_text(action.due_at),
        "look_at": None if look is None else moment_text(look),
        "document": canonical_json(action.to_json()),
    }


def actions_in(connection: Connection, incident_id: UUID | str) -> list[CorrectiveAction]:
    """Those of an incident as the transaction sees them, in the order in which they were added."""
    wanted = corrective_actions.c.incident_id == str(incident_id)
    query = select(corrective_actions).where(wanted).order_by(corrective_actions.c.number)
    return [action_of(row) for row in connection.execute(query)]


def action_of(row: Row[Any]) -> CorrectiveAction:
    """The action of a row. Raises AuditBroken when the row is invalid."""
    try:
        return CorrectiveAction.model_validate(json.loads(row.document))
    except (ValidationError, ValueError, TypeError) as error:
        raise AuditBroken(
            f"corrective action CA-{row.number} cannot be read: it was changed outside AEEF "
            "Runbooks; `aeef audit verify` reports more"
        ) from error


def verify_actions(
    connection: Connection, seals: Mapping[int, ActionSeal], only: Iterable[str] | None = None
) -> None:
    """Verify that every corrective action is as the entries left it; none missing, none invented.

    seals: of each action its newest. only: those of these incidents; None: all.
    Raises AuditBroken that names the first.
    """
    left = dict(seals)
    for row in _rows(connection, only):
        seal = left.pop(row.number, None)
        if seal is None or seal.incident_id != row.incident_id:
            raise AuditBroken(
                f"corrective action CA-{row.number} has no entry in the audit log of its incident "
                f"{row.incident_id}: it was put there by something else than AEEF Runbooks"
            )
        if hash_of_text(row.document) != seal.document:
            raise AuditBroken(
                f"corrective action CA-{row.number} is not as audit entry {seal.seq} left it: it "
                "was changed outside AEEF Runbooks"
            )
        columns = {"number": row.number, **columns_of(action_of(row))}
        if dict(row._mapping) != columns:  # noqa: SLF001 (SQLAlchemy's documented name)
            raise AuditBroken(
                f"the columns of corrective action CA-{row.number} do not fit its document: they "
                "were changed outside AEEF Runbooks"
            )
    for number, seal in left.items():
        raise AuditBroken(
            f"corrective action CA-{number} is missing, though audit entry {seal.seq} changed it: "
            "it was deleted"
        )


def _rows(connection: Connection, only: Iterable[str] | None) -> Iterable[Row[Any]]:
    query = select(corrective_actions).order_by(corrective_actions.c.number)
    if only is None:
        yield from connection.execute(query)
        return
    ids = sorted(only)
    for start in range(0, len(ids), _OF_ONE_QUESTION):
        some = ids[start : start + _OF_ONE_QUESTION]
        yield from connection.execute(query.where(corrective_actions.c.incident_id.in_(some)))
