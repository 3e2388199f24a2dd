"""The recoveries of one database: each change with its entry on the incident's record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row, insert, select, update

from schemas.errors import AuditBroken, NotPossibleNow
from schemas.incident import canonical_json
from schemas.recovery import Recovery
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import recoveries
from tasks.store.records import Change, find, incident_of

OURS = "aeef-runbooks"


class Recoveries:
    """Begin, change, and find them."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    def begin(self, incident_id: UUID | str, target: str, failing: str | None) -> Recovery:
        """The recovery of a target from an incident. It begins anew when it had ended or was free:
        after a relapse everything is asked for again.
        """

        def work(chain: Chain) -> Recovery:
            incident = incident_of(find(chain.connection, incident_id))
            row = _row(chain, str(incident.incident_id), target)
            relapsed = incident.relapsed_at
            if (
                row is not None
                and (present := _recovery_of(row)).is_held
                and (relapsed is None or present.began_at >= relapsed)
            ):
                if present.failing is None and failing is not None:
                    present = present.model_copy(update={"failing": failing})
                    _keep(chain, present)
                return present
            made = Recovery(
                incident_id=incident.incident_id,
                target=target,
                failing=failing,
                began_at=chain.now,
            )
            if row is None:
                values = {"incident_id": str(incident.incident_id), "target": target}
                chain.connection.execute(insert(recoveries).values(**values, **_columns(made)))
            else:
                _keep(chain, made)
            Change(chain, incident).note(
                f"{target} is to recover: it waits for people to sign off",
                actor=OURS,
                automated=True,
                details={"failing": failing},
            )
            return made

        return self._log.change(work)

    def change(
        self, recovery: Recovery, text: str, *, actor: str = OURS, **fields: Any
    ) -> Recovery:
        """Change these fields of it. text: for the record; empty: only keep it."""

        def work(chain: Chain) -> Recovery:
            row = _row(chain, str(recovery.incident_id), recovery.target)
            if row is None:
                raise NotPossibleNow(f"{recovery.target} does not recover from that incident")
            after = _recovery_of(row).model_copy(update=fields)
            _keep(chain, after)
            if text:
                change = Change(chain, incident_of(find(chain.connection, after.incident_id)))
                said = self._masked(text)
                change.record(said, actor=actor, automated=actor == OURS)
            return after

        return self._log.change(work)

    def of(self, incident_id: UUID | str) -> list[Recovery]:
        """Those of an incident."""
        with self._log.database.read() as connection:
            wanted = find(connection, incident_id).id
            rows = connection.execute(
                select(recoveries).where(recoveries.c.incident_id == wanted)
            ).all()
        return [_recovery_of(row) for row in rows]

    def going_on(self) -> list[Recovery]:
        """Those that have not ended, the oldest first."""
        query = select(recoveries).where(recoveries.c.going_on == 1)
        with self._log.database.read() as connection:
            rows = connection.execute(query.order_by(recoveries.c.began_at)).all()
        return [_recovery_of(row) for row in rows]


def _row(chain: Chain, incident_id: str, target: str) -> Row[Any] | None:
    is_it = (recoveries.c.incident_id == incident_id) & (recoveries.c.target == target)
    return chain.connection.execute(select(recoveries).where(is_it)).one_or_none()


def _keep(chain: Chain, recovery: Recovery) -> None:
    incident_id = str(recovery.incident_id)
    is_it = (recoveries.c.incident_id == incident_id) & (recoveries.c.target == recovery.target)
    chain.connection.execute(update(recoveries).where(is_it).values(**_columns(recovery)))


def _columns(recovery: Recovery) -> dict[str, Any]:
    return {
        "began_at": moment_text(recovery.began_at),
        "going_on": int(recovery.ended_at is None),
        "document": canonical_json(recovery.to_json()),
    }


def _recovery_of(row: Row[Any]) -> Recovery:
    try:
        return Recovery.model_validate(json.loads(row.document))
    except (ValidationError, ValueError) as error:
        raise AuditBroken(
            f"the recovery of {row.target} from incident {row.incident_id} cannot be read: it was"
            " changed outside"
        ) from error
