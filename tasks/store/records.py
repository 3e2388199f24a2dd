"""Incident records as rows: finds them, and changes them together with the audit log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, update

from schemas.errors import AuditBroken, IncidentNotFound
from schemas.figures import MOMENT_OF, Moment
from schemas.incident import (
    FEWEST_CHARACTERS,
    Action,
    Incident,
    canonical_json,
    hash_of_text,
)
from schemas.validation import validate
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import Chain
from tasks.store.database.tables import NUMBERED, corrective_actions, disposals, incidents
from tasks.store.moments.moments import note_kind, note_moment, take_back
from tasks.store.outbox import put_event

_BY_ID = select(incidents).where(incidents.c.id == bindparam("wanted"))
_CHANGE = update(incidents).where(incidents.c.id == bindparam("changed"))

_BY_NUMBER = select(incidents).where(incidents.c.number == bindparam("wanted"), NUMBERED)
_BETWEEN = (
    select(incidents)
    .where(incidents.c.id.between(bindparam("first"), bindparam("last")))
    .order_by(incidents.c.id)
    .limit(5)
)

_OF_ACTION = (
    select(incidents)
    .join(corrective_actions, corrective_actions.c.incident_id == incidents.c.id)
    .where(corrective_actions.c.number == bindparam("wanted"))
)

_NUMBER = re.compile(r"#?([0-9]{1,9})", re.ASCII)
_ACTION = re.compile(r"CA-([0-9]{1,9})", re.ASCII | re.IGNORECASE)
_BEGINNING = re.compile(rf"[0-9a-f]{{{FEWEST_CHARACTERS},32}}")


def find(connection: Connection, wanted: UUID | str) -> Row[Any]:
    """The row of an incident, by its number (`1284`, `#1284`), its id, or the beginning of it.

    Also by one of its corrective actions (`CA-12`).
    Each way is by an index. Raises IncidentNotFound that repeats the requested id.
    """
    full = _as_uuid(wanted)
    if full is not None:
        row = connection.execute(_BY_ID, {"wanted": str(full)}).one_or_none()
        if row is None:
            _require_not_gone(connection, disposals.c.incident_id == str(full))
            raise IncidentNotFound(f"there is no incident {full}; `aeef incidents list` shows all")
        return row
    given = str(wanted).strip()
    if (action := _ACTION.fullmatch(given)) is not None:
        row = connection.execute(_OF_ACTION, {"wanted": int(action[1])}).one_or_none()
        if row is not None:
            return row
        raise IncidentNotFound(
            f"there is no corrective action CA-{int(action[1])}; `aeef actions list` shows all"
        )
    number = _NUMBER.fullmatch(given)
    if number is not None:
        row = connection.execute(_BY_NUMBER, {"wanted": int(number[1])}).one_or_none()
        if row is not None:
            return row
    part = given.lower().replace("-", "")
    if _BEGINNING.fullmatch(part):
        return _by_beginning(connection, part)
    if number is not None:
        _require_not_gone(connection, disposals.c.number == int(number[1]))
        raise IncidentNotFound(
            f"there is no incident with the number {number[1]}; `aeef incidents list` shows all"
        )
    raise IncidentNotFound(
        f"'{clean_text(given)[:80]}' is no incident: give its number (1284, as in #1284), its id, "
        f"or at least the first {FEWEST_CHARACTERS} characters of that; `aeef incidents list` "
        "shows the numbers"
    )


def _by_beginning(connection: Connection, part: str) -> Row[Any]:
    # Whole ids as bounds: in these every collation agrees, so it is a range of the index.
    first, last = (str(UUID(part.ljust(32, filler))) for filler in "0f")
    found = connection.execute(_BETWEEN, {"first": first, "last": last}).all()
    if len(found) == 1:
        return found[0]
    if not found:
        raise IncidentNotFound(f"no incident has the number {part}, or an id that begins so")
    raise IncidentNotFound(
        f"more than one incident's id begins with '{part}': "
        + ", ".join(row.id for row in found)
        + "; give more of it"
    )


def _require_not_gone(connection: Connection, is_it: ColumnElement[bool]) -> None:
    """Raise IncidentNotFound that says when it was disposed of, if it was."""
    row = connection.execute(select(disposals).where(is_it)).first()
    if row is not None:
        raise IncidentNotFound(
            f"incident #{row.number} ({row.incident_id}) was disposed of on {row.at[:10]}: its "
            f"time was over; audit entry {row.seq} says so"
        )


def _as_uuid(wanted: UUID | str) -> UUID | None:
    if isinstance(wanted, UUID):
        return wanted
    try:
        return UUID(wanted.strip())
    except ValueError:
        return None


def incident_of(row: Row[Any]) -> Incident:
    """The incident of a row. Raises AuditBroken when the row is invalid."""
    beside = {
        "typeSource": row.type_source,
        "guessedFrom": row.guessed_from,
        "wordAt": row.word_at,
        "occurrence": row.occurrence,
        "relapsedAt": row.relapsed_at,
        "raised": bool(row.raised),
        "number": row.number,
        "isDrill": bool(row.is_drill),
    }
    try:
        return Incident.model_validate({**json.loads(row.document), **beside})
    except (ValidationError, ValueError, TypeError) as error:
        raise AuditBroken(
            f"the record of incident {row.id} cannot be read: it was changed outside AEEF "
            "Runbooks; `aeef audit verify` reports more"
        ) from error


def columns_of(incident: Incident) -> dict[str, Any]:
    """The columns derived from the record. Raises InvalidInput when it violates its schema."""
    document = incident.to_json()
    # Validate only the newest action: the others were checked when added. So the hundredth
    # action costs no more than the first.
    validate("incident", {**document, "actionsTaken": document["actionsTaken"][-1:]})
    return {
        "type": incident.type,
        "severity": incident.severity.value,
        "status": incident.status.value,
        "document": canonical_json(document),
        "type_source": incident.type_source.value,
        "guessed_from": incident.guessed_from,
        "word_at": None if incident.word_at is None else moment_text(incident.word_at),
        "occurrence": incident.occurrence,
        "relapsed_at": incident.relapsed_at and moment_text(incident.relapsed_at),
        "raised": int(incident.raised),
        "is_drill": int(incident.is_drill),
    }


class Change:
    """One change of one incident in a transaction: actions and fields, each recorded."""

    def __init__(self, chain: Chain, incident: Incident) -> None:
        self.chain = chain
        self.incident = incident

    def record(
        self,
        text: str,
        *,
        actor: str,
        automated: bool,
        details: Mapping[str, Any] | None = None,
        entry_id: UUID | None = None,
        timestamp: datetime | None = None,
        columns: Mapping[str, Any] | None = None,
        moment: Moment | None = None,
        **fields: Any,
    ) -> None:
        """Change the fields, add the action to the record, and append it to the audit log.

        moment: what has come with it; of a status, and of being taken, that is seen here.
        """
        at, before = timestamp or self.chain.now, self.incident
        action = Action(
            timestamp=at, action=clean_text(text), automated=automated, actor=clean_text(actor)
        )
        actions = [*self.incident.actions_taken, action]
        self.incident = self.incident.model_copy(update={**fields, "actions_taken": actions})
        row = columns_of(self.incident)
        changed = {"changed": str(self.incident.incident_id)}
        self.chain.connection.execute(_CHANGE, {**changed, **row, **(columns or {})})
        if (columns or {}).get("acknowledged_at"):
            moment = Moment.ACKNOWLEDGED
        note_kind(self.chain.connection, before, self.incident)
        undone = self._takes_back(before)
        if self.incident.status.comes_after(before.status):
            moment = MOMENT_OF.get(self.incident.status, moment)
        self.note(
            text,
            actor=actor,
            automated=automated,
            details={**(details or {}), **undone, "record": hash_of_text(row["document"])},
            entry_id=entry_id,
            timestamp=at,
            moment=moment,
        )

    def note(
        self,
        text: str,
        *,
        actor: str,
        automated: bool,
        details: Mapping[str, Any] | None = None,
        entry_id: UUID | None = None,
        timestamp: datetime | None = None,
        moment: Moment | None = None,
    ) -> None:
        """Append only to the audit log: it appears in the timeline, not in the record.

        moment: what has come with it, for the figures; the first time counts.
        """
        at, connection = timestamp or self.chain.now, self.chain.connection
        came = moment is Moment.DETECTED or (
            moment is not None
            and note_moment(connection, self.incident, moment, at, by_machine=automated)
        )
        self.chain.append(
            self.incident.incident_id,
            text,
            actor=actor,
            automated=automated,
            details={**(details or {}), "moment": moment} if came else details,
            entry_id=entry_id,
            timestamp=at,
        )

    def _takes_back(self, before: Incident) -> dict[str, list[str]]:
        """Of an incident that goes back within its occurrence: what had not come after all."""
        now = self.incident
        if now.occurrence != before.occurrence or not before.status.comes_after(now.status):
            return {}
        undone = take_back(self.chain.connection, now, now.status)
        return {"undone": [each.value for each in undone]} if undone else {}

    def emit(self, event: str) -> None:
        """Put an event of this incident into the outbox, with the chain's present head."""
        put_event(
            self.chain.connection,
            self.incident,
            event,
            {},
            head=(self.chain.seq, self.chain.hash),
            now=self.chain.now,
        )
