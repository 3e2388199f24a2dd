"""The corrective actions of one database: each change with its entry on the incident's record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, or_, select, update

from schemas.corrective import CorrectiveAction, Stage, Turned
from schemas.errors import InvalidInput
from schemas.incident import Incident, hash_of_text
from tasks.base.storable import clean_json, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.corrective.recurrences import first_since
from tasks.store.corrective.rows import action_of, actions_in, columns_of
from tasks.store.database.readable import Readable, readable
from tasks.store.database.tables import corrective_actions
from tasks.store.records import Change, find, incident_of

OURS = "aeef-runbooks"
_ALL = select(corrective_actions)
_SETTLED = [each.value for each in Stage if each.is_settled]


class CorrectiveActions:
    """Add, change, and find them: `store.corrective`. Texts are masked here."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    def add(self, action: CorrectiveAction) -> CorrectiveAction:
        """Put a new one on record, with its number, by whoever created it."""

        def work(chain: Chain) -> CorrectiveAction:
            kept = self._safe(action)
            made = chain.connection.execute(
                insert(corrective_actions).values(**columns_of(kept))
            ).inserted_primary_key
            assert made is not None
            kept = kept.model_copy(update={"number": int(made[0])})
            text = (
                f"corrective action ({kept.category}): {kept.text}; {kept.owner} does it until"
                f" {kept.due_at:%Y-%m-%d}, {kept.verifier} verifies it"
            )
            self._keep(chain, Turned(kept, text), kept.created_by)
            return kept

        return self._log.change(work)

    def change(
        self,
        number: int,
        turn: Callable[[CorrectiveAction, datetime], Turned | None],
        *,
        actor: str = OURS,
    ) -> tuple[CorrectiveAction, bool]:
        """Change one by a transition of `schemas/corrective/transitions.py`, in one transaction.

        turn: given the action as it is, and now; None: nothing is different. Returns the action,
        and whether it was changed. Raises InvalidInput when there is none with this number, and
        what `turn` raises.
        """

        def work(chain: Chain) -> tuple[CorrectiveAction, bool]:
            row = chain.connection.execute(_by_number(number)).one_or_none()
            if row is None:
                raise _none(number)
            present = action_of(row)
            turned = turn(present, chain.now)
            if turned is None:
                return present, False
            safe = turned._replace(action=self._safe(turned.action))
            self._keep(chain, safe, actor)
            return safe.action, True

        return self._log.change(work)

    def one(self, number: int) -> CorrectiveAction:
        """The one with this number. Raises InvalidInput when there is none."""
        with self._log.database.read() as connection:
            row = connection.execute(_by_number(number)).one_or_none()
        if row is None:
            raise _none(number)
        return action_of(row)

    def of(self, incident_id: UUID | str) -> list[CorrectiveAction]:
        """Those of an incident, in the order in which they were added. Raises AuditBroken."""
        with self._log.database.read() as connection:
            return actions_in(connection, find(connection, incident_id).id)

    def listed(self, incident_id: UUID | str) -> Readable[CorrectiveAction]:
        """The same, to be shown: also where one of them cannot be read."""
        with self._log.database.read() as connection:
            of = _ALL.where(corrective_actions.c.incident_id == find(connection, incident_id).id)
            return _read(connection, of.order_by(corrective_actions.c.number))

    def find(
        self,
        *,
        incident_id: UUID | str = "",
        owner: str = "",
        stages: Sequence[Stage] = (),
        overdue_at: datetime | None = None,
        limit: int,
    ) -> Readable[CorrectiveAction]:
        """Those that fit; what is empty or None excludes nothing.

        The newest first; of those that are overdue at a moment, the longest overdue.
        """
        columns = corrective_actions.c
        query = _ALL.limit(limit)
        if owner:
            query = query.where(func.lower(columns.owner) == owner.lower())
        if stages:
            query = query.where(columns.stage.in_([each.value for each in stages]))
        if overdue_at:
            query = query.where(_is_overdue(overdue_at)).order_by(columns.due_at)
        with self._log.database.read() as connection:
            if incident_id:
                of = find(connection, incident_id).id
                query = query.where(columns.incident_id == of)
            return _read(connection, query.order_by(columns.number.desc()))

    def unsettled(self) -> Readable[CorrectiveAction]:
        """Those that are open or done and not verified, the earliest due first."""
        is_left = corrective_actions.c.stage.not_in(_SETTLED)
        return self._found(_ALL.where(is_left).order_by(corrective_actions.c.due_at))

    def waivers_ending(self, before: datetime) -> Readable[CorrectiveAction]:
        """Those that are waived no longer than until then, the earliest first."""
        columns = corrective_actions.c
        is_waived = columns.stage == Stage.WAIVED.value
        ends = columns.look_at <= moment_text(before)
        return self._found(_ALL.where(is_waived & ends).order_by(columns.look_at))

    def overdue(self, now: datetime) -> Readable[CorrectiveAction]:
        """Those that should have been verified by now, also when a waiver ended; as `unsettled`."""
        return self._found(_ALL.where(_is_overdue(now)).order_by(corrective_actions.c.due_at))

    def to_look_at(self, now: datetime) -> Readable[CorrectiveAction]:
        """Those whose waiver ended, or whose effect is to be looked at; the earliest first."""
        is_due = corrective_actions.c.look_at <= moment_text(now)
        return self._found(_ALL.where(is_due).order_by(corrective_actions.c.look_at))

    def came_back(
        self, incident_type: str, since: datetime, fits: Callable[[Incident], bool]
    ) -> Incident | None:
        """The first incident of a type that fits and began after that; drills are left out."""
        return first_since(self._log.database, incident_type, since, fits)

    def _found(self, query: Any) -> Readable[CorrectiveAction]:
        with self._log.database.read() as connection:
            return _read(connection, query)

    def _safe(self, action: CorrectiveAction) -> CorrectiveAction:
        """As it may be stored: free texts of people and targets are masked."""
        waiver = action.waiver
        safe = action.model_copy(
            update={
                "text": self._masked(action.text),
                "waiver": waiver and waiver.model_copy(update={"why": self._masked(waiver.why)}),
                "effects": tuple(
                    each.model_copy(update={"seen": self._masked(each.seen)})
                    for each in action.effects
                ),
            }
        )
        return CorrectiveAction.model_validate(clean_json(safe.to_json()))

    def _keep(self, chain: Chain, turned: Turned, actor: str) -> None:
        """Write the row, and an entry that has the hash of its document."""
        action, values = turned.action, columns_of(turned.action)
        is_it = corrective_actions.c.number == action.number
        chain.connection.execute(update(corrective_actions).where(is_it).values(**values))
        change = Change(chain, incident_of(find(chain.connection, action.incident_id)))
        seal = {"number": action.number, "document": hash_of_text(values["document"])}
        write = change.record if turned.in_record else change.note
        write(
            self._masked(f"{action.reference}: {turned.said}"),
            actor=actor,
            automated=actor == OURS,
            details={"corrective": seal},
        )


def _read(connection: Connection, query: Any) -> Readable[CorrectiveAction]:
    return readable(connection.execute(query), lambda row: f"CA-{row.number}", action_of)


def _is_overdue(now: datetime) -> Any:
    """The same as `is_overdue`, for rows."""
    columns, at = corrective_actions.c, moment_text(now)
    left = columns.stage.not_in(_SETTLED) & (columns.due_at <= at)
    return or_(left, (columns.stage == Stage.WAIVED.value) & (columns.look_at <= at))


def _by_number(number: int) -> Any:
    return _ALL.where(corrective_actions.c.number == number)


def _none(number: int) -> InvalidInput:
    return InvalidInput(f"there is no corrective action CA-{number}; `aeef actions list` shows all")
