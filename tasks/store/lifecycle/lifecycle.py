"""What people do to incidents, each in one transaction: `store.lifecycle`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from schemas.incident import Incident, IncidentType, Severity
from schemas.lifecycle import NOT_SAID, Disposition, ShownFor, Standing
from schemas.lifecycle.filter import Filter
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import incidents
from tasks.store.lifecycle import changing, ending, merging, standings, taking
from tasks.store.lifecycle.guard import require_shown
from tasks.store.lifecycle.listing import find_incidents
from tasks.store.lifecycle.taking import Outcome
from tasks.store.records import Change, find, incident_of

Work = Callable[[Change, Row[Any]], bool]


class Lifecycle:
    """The acts of people, and where they stand with an incident.

    actor: as on record. Each returns what it came to; done again it changes nothing.
    Raises NotPossibleNow with what is missing. Texts are masked here.
    """

    def __init__(
        self, log: AuditLog, masked: Callable[[str], str], shown: ShownFor = NOT_SAID
    ) -> None:
        self._log = log
        self._masked = masked
        self._shown = shown

    def only_for(self, shown: ShownFor) -> Lifecycle:
        """The same acts, which raise Outdated when the incident is not what was shown any more."""
        return Lifecycle(self._log, self._masked, shown)

    def standing(self, incident_id: UUID | str) -> Standing:
        """Who has the incident, who leads, what is proposed, how it ended."""
        with self._log.database.read() as connection:
            return standings.standing_of(connection, find(connection, incident_id))

    def standings(self, found: Sequence[Incident]) -> dict[UUID, Standing]:
        """The same for many, by id."""
        ids = [str(each.incident_id) for each in found]
        with self._log.database.read() as connection:
            rows = connection.execute(select(incidents).where(incidents.c.id.in_(ids))).all()
            return {UUID(row.id): standings.standing_of(connection, row) for row in rows}

    def find(self, wanted: Filter) -> list[Incident]:
        """The incidents that fit a filter, newest first."""
        return find_incidents(self._log.database, wanted)

    def these(self, ids: Sequence[UUID]) -> list[Incident]:
        """The incidents with these ids, in their order."""
        with self._log.database.read() as connection:
            wanted = incidents.c.id.in_([str(each) for each in ids])
            rows = connection.execute(select(incidents).where(wanted)).all()
        found = {UUID(row.id): incident_of(row) for row in rows}
        return [found[each] for each in ids if each in found]

    def take(self, incident_id: UUID | str, *, actor: str, automated: bool = False) -> Outcome:
        """Somebody has it: the first one who says so. Nothing happens when it is over."""
        return self._do(incident_id, lambda c, row: taking.take(c, row, actor, automated=automated))

    def give_back(self, incident_id: UUID | str, *, actor: str, reason: str = "") -> Outcome:
        """Nobody has it any more: the levels are called again."""
        why = self._masked(reason)
        return self._do(incident_id, lambda c, row: taking.give_back(c, row, actor, why))

    def hand_over(
        self, incident_id: UUID | str, to: str, *, actor: str, reason: str = ""
    ) -> Outcome:
        """Somebody else has it from now on."""
        why = self._masked(reason)
        return self._do(incident_id, lambda c, row: taking.hand_over(c, row, to, actor, why))

    def name_lead(self, incident_id: UUID | str, lead: str, *, actor: str) -> Outcome:
        """Somebody leads the response."""
        return self._do(incident_id, lambda c, row: taking.name_lead(c, row, lead, actor))

    def write_down(self, incident_id: UUID | str, kind: str, text: str, *, actor: str) -> Outcome:
        """A `note` or a `decision`."""
        said = self._masked(text)
        return self._do(incident_id, lambda c, _: changing.write_down(c, kind, said, actor))

    def set_severity(
        self,
        incident_id: UUID | str,
        severity: Severity,
        *,
        actor: str,
        reason: str,
        mistaken: bool = False,
    ) -> Outcome:
        """Another severity; a higher one is announced, paged and taken anew.

        mistaken: it never was worse than this.
        """
        why = self._masked(reason)

        def work(change: Change, row: Row[Any]) -> bool:
            return changing.set_severity(change, row, severity, actor, why, mistaken=mistaken)

        return self._do(incident_id, work)

    def set_type(
        self, incident_id: UUID | str, incident_type: IncidentType, *, actor: str, reason: str
    ) -> Outcome:
        """Another type, whoever said the present one."""
        why = self._masked(reason)
        return self._do(incident_id, lambda c, _: changing.set_type(c, incident_type, actor, why))

    def set_services(
        self,
        incident_id: UUID | str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        actor: str,
    ) -> Outcome:
        """Other affected services."""
        more = [self._masked(each) for each in add]
        return self._do(incident_id, lambda c, _: changing.set_services(c, more, remove, actor))

    def mitigate(self, incident_id: UUID | str, *, actor: str, reason: str = "") -> Outcome:
        """The damage is contained."""
        why = self._masked(reason)
        return self._do(incident_id, lambda c, _: ending.mitigate(c, actor, why))

    def resolve(
        self,
        incident_id: UUID | str,
        disposition: Disposition,
        *,
        cause: str = "",
        reason: str = "",
        actor: str,
    ) -> Outcome:
        """It is over. cause: empty: what is on record already."""
        cause, reason = self._masked(cause), self._masked(reason)
        return self._do(
            incident_id, lambda c, _: ending.resolve(c, disposition, cause, actor, reason)
        )

    def propose(self, incident_id: UUID | str, *, by: str, why: str) -> Outcome:
        """Somebody who cannot end it says that it is over; why: why that is not enough."""

        def work(change: Change, _row: Row[Any]) -> bool:
            return not change.incident.status.is_over and standings.propose(change, by, why)

        return self._do(incident_id, work)

    def close(self, incident_id: UUID | str, *, actor: str) -> Outcome:
        """Nothing is left to do for it."""
        return self._do(incident_id, lambda c, row: ending.close(c, row, actor))

    def reopen(self, incident_id: UUID | str, *, actor: str, reason: str) -> Outcome:
        """It is not over; whoever says so has it."""
        why = self._masked(reason)
        return self._do(incident_id, lambda c, row: ending.reopen(c, row, actor, why))

    def merge(
        self, incident_id: UUID | str, into: UUID | str, *, actor: str, reason: str = ""
    ) -> Outcome:
        """It is the same as another one, to which its alerts belong from now on."""
        why = self._masked(reason)

        def work(change: Change, row: Row[Any]) -> bool:
            return merging.merge(change, row, find(change.chain.connection, into), actor, why)

        return self._do(incident_id, work)

    def relate(
        self, incident_id: UUID | str, to: UUID | str, *, actor: str, reason: str = ""
    ) -> Outcome:
        """It has to do with another one."""
        why = self._masked(reason)

        def work(change: Change, row: Row[Any]) -> bool:
            return merging.relate(change, row, find(change.chain.connection, to), actor, why)

        return self._do(incident_id, work)

    def _do(self, incident_id: UUID | str, work: Work) -> Outcome:
        def transaction(chain: Chain) -> Outcome:
            row = find(chain.connection, incident_id)
            before = standings.standing_of(chain.connection, row)
            change = Change(chain, incident_of(row))
            require_shown(self._shown, change.incident)
            changed = work(change, row)
            after = standings.standing_of(chain.connection, find(chain.connection, row.id))
            return Outcome(change.incident, after, changed, before)

        return self._log.change(transaction)
