"""The corrective actions of one database: each change with its entry on the incident's record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, insert, select, update

from schemas.corrective import CorrectiveAction, Stage
from schemas.errors import AuditBroken, InvalidInput
from schemas.incident import canonical_json
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import corrective_actions
from tasks.store.records import Change, find, incident_of

OURS = "aeef-runbooks"
_SETTLED = [each.value for each in Stage if each.is_settled]


class CorrectiveActions:
    """Add, change, and find them: `store.corrective`. Texts are masked here."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    def add(self, action: CorrectiveAction, *, look_at: datetime | None = None) -> CorrectiveAction:
        """Put a new one on record, with its number. look_at: when to look at it next."""

        def work(chain: Chain) -> CorrectiveAction:
            kept = action.model_copy(update={"text": self._masked(action.text)})
            made = chain.connection.execute(
                insert(corrective_actions).values(**_columns(kept, look_at))
            ).inserted_primary_key
            assert made is not None
            kept = kept.model_copy(update={"number": int(made[0])})
            self._keep(chain, kept, look_at)
            text = f"corrective action {kept.reference} ({kept.category}): {kept.text}"
            self._note(chain, kept, f"{text}; {kept.owner} does it, {kept.verifier} verifies it")
            return kept

        return self._log.change(work)

    def change(
        self,
        action: CorrectiveAction,
        text: str,
        *,
        actor: str = OURS,
        look_at: datetime | None = None,
        **fields: Any,
    ) -> CorrectiveAction:
        """Change these fields of it. text: for the record; empty: only keep it."""

        def work(chain: Chain) -> CorrectiveAction:
            after = _one(chain, action.number).model_copy(update=fields)
            self._keep(chain, after, look_at)
            if text:
                self._note(chain, after, f"{after.reference}: {text}", actor)
            return after

        return self._log.change(work)

    def one(self, number: int) -> CorrectiveAction:
        """The one with this number. Raises InvalidInput when there is none."""
        with self._log.database.read() as connection:
            return _found(connection.execute(_by_number(number)).one_or_none(), number)

    def of(self, incident_id: UUID | str) -> list[CorrectiveAction]:
        """Those of an incident, in the order in which they were added."""
        with self._log.database.read() as connection:
            return actions_in(connection, find(connection, incident_id).id)

    def unsettled(self) -> list[CorrectiveAction]:
        """Those that are open or done and not verified, the earliest due first."""
        query = select(corrective_actions).where(corrective_actions.c.stage.not_in(_SETTLED))
        with self._log.database.read() as connection:
            rows = connection.execute(query.order_by(corrective_actions.c.due_at)).all()
        return [_action_of(row) for row in rows]

    def to_look_at(self, now: datetime) -> list[CorrectiveAction]:
        """Those that are due to be looked at, the earliest first."""
        is_due = corrective_actions.c.look_at <= moment_text(now)
        query = select(corrective_actions).where(is_due).order_by(corrective_actions.c.look_at)
        with self._log.database.read() as connection:
            return [_action_of(row) for row in connection.execute(query)]

    def _keep(self, chain: Chain, action: CorrectiveAction, look_at: datetime | None) -> None:
        is_it = corrective_actions.c.number == action.number
        values = _columns(action, look_at)
        chain.connection.execute(update(corrective_actions).where(is_it).values(**values))

    def _note(
        self, chain: Chain, action: CorrectiveAction, text: str, actor: str | None = None
    ) -> None:
        by = actor or action.created_by
        change = Change(chain, incident_of(find(chain.connection, action.incident_id)))
        change.record(self._masked(text), actor=by, automated=by == OURS)


def actions_in(connection: Connection, incident_id: UUID | str) -> list[CorrectiveAction]:
    """Those of an incident as the transaction sees them, in the order in which they were added."""
    wanted = corrective_actions.c.incident_id == str(incident_id)
    query = select(corrective_actions).where(wanted).order_by(corrective_actions.c.number)
    return [_action_of(row) for row in connection.execute(query)]


def _by_number(number: int) -> Any:
    return select(corrective_actions).where(corrective_actions.c.number == number)


def _one(chain: Chain, number: int) -> CorrectiveAction:
    return _found(chain.connection.execute(_by_number(number)).one_or_none(), number)


def _found(row: Row[Any] | None, number: int) -> CorrectiveAction:
    if row is None:
        raise InvalidInput(f"there is no corrective action CA-{number}")
    return _action_of(row)


def _columns(action: CorrectiveAction, look_at: datetime | None) -> dict[str, Any]:
    return {
        "incident_id": str(action.incident_id),
        "category": action.category.value,
        "stage": action.stage.value,
        "owner": action.owner,
        "due_at": moment_text(action.due_at),
        "look_at": None if look_at is None else moment_text(look_at),
        "document": canonical_json(action.to_json()),
    }


def _action_of(row: Row[Any]) -> CorrectiveAction:
    try:
        return CorrectiveAction.model_validate(json.loads(row.document))
    except (ValidationError, ValueError) as error:
        raise AuditBroken(
            f"corrective action CA-{row.number} cannot be read: it was changed outside"
        ) from error
