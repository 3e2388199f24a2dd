"""How an incident ends by a person's word, and how it is opened again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from schemas.errors import NotPossibleNow
from schemas.incident import ACKNOWLEDGED, CLOSED, MITIGATED, RESOLVED, Status
from schemas.lifecycle import Disposition, Verb, how_to_resolve
from tasks.base.storable import clean_text, moment_text
from tasks.store.database.tables import incidents
from tasks.store.escalations.escalations import take_escalation
from tasks.store.grouping.alerts import another_is_open
from tasks.store.grouping.flaps import pages_ring_again
from tasks.store.lifecycle.guard import require
from tasks.store.lifecycle.standings import NO_PROPOSAL, change_standing, standing_of
from tasks.store.records import Change
from tasks.store.reviews.stages import goes_on, lacks_for_close, refresh_post_mortem


def mitigate(change: Change, actor: str, reason: str) -> bool:
    """A person says that the damage is contained; False when somebody said so before."""
    if change.incident.status is Status.MITIGATED:
        return False
    require(Verb.MITIGATE, change.incident)
    _move(change, Status.MITIGATED, actor, reason)
    change.emit(MITIGATED)
    return True


def resolve(
    change: Change, disposition: Disposition, cause: str, actor: str, reason: str = ""
) -> bool:
    """It is over: what it was, and why it came about; False when it was so before.

    cause: empty: the one that is on record already. reason: why it is over; empty: the cause.
    """
    if change.incident.status is Status.RESOLVED:
        return False
    require(Verb.RESOLVE, change.incident)
    cause = clean_text(cause) or (change.incident.root_cause or "")
    if not cause:
        raise NotPossibleNow(
            f"{change.incident.title} has no cause on record: say what it was, for instance"
            f" `{how_to_resolve(change.incident)}`"
        )
    end(change, disposition, actor, reason or cause, cause=cause)
    return True


def end(
    change: Change, disposition: Disposition, actor: str, why: str, *, cause: str | None = None
) -> None:
    """Set it to resolved, and announce it."""
    chain = change.chain
    change_standing(chain.connection, change.incident, disposition=disposition.value, **NO_PROPOSAL)
    details = {"disposition": disposition.value, **({"rootCause": cause} if cause else {})}
    new = {"root_cause": cause} if cause else {}
    _move(change, Status.RESOLVED, actor, f"{disposition}: {why}", details, **new)
    change.emit(RESOLVED)


def close(change: Change, row: Row[Any], actor: str) -> bool:
    """Nothing is left to do for it; False when it was closed before.

    Raises NotPossibleNow that names what its review, or a corrective action, lacks.
    """
    if change.incident.status is Status.CLOSED:
        return False
    lacks: list[str] = []
    if change.incident.status is Status.RESOLVED:
        lacks = lacks_for_close(change, standing_of(change.chain.connection, row))
    require(Verb.CLOSE, change.incident, lacks)
    _move(change, Status.CLOSED, actor, "", None, **refresh_post_mortem(change))
    change.emit(CLOSED)
    return True


def reopen(change: Change, row: Row[Any], actor: str, reason: str) -> bool:
    """It is not over: whoever says so has it. No runbook runs for it; a new outbreak is reported.

    False when it goes on and is not mitigated. Raises NotPossibleNow while another incident of
    the same trouble is open.
    """
    if change.incident.status in (Status.OPEN, Status.INVESTIGATING):
        return False
    require(Verb.REOPEN, change.incident)
    chain = change.chain
    _refuse_a_second(change, row)
    goes_on(change, actor)
    take_escalation(chain.connection, change.incident, actor, chain.now)
    now = moment_text(chain.now)
    own = {"owner": clean_text(actor), "owner_since": now, "disposition": None, **NO_PROPOSAL}
    change_standing(chain.connection, change.incident, **own, merged_into=None)
    pages_ring_again(chain.connection, change.incident)
    change.record(
        f"reopened: {reason}; status: {change.incident.status} → {Status.INVESTIGATING}",
        actor=actor,
        automated=False,
        columns={"acknowledged_at": now},
        status=Status.INVESTIGATING,
        resolved_at=None,
    )
    change.emit(ACKNOWLEDGED)
    return True


def _refuse_a_second(change: Change, row: Row[Any]) -> None:
    connection = change.chain.connection
    into = standing_of(connection, row).merged_into
    if into is not None:
        other = connection.execute(select(incidents).where(incidents.c.id == str(into))).one()
        if not Status(other.status).is_over:
            raise NotPossibleNow(
                f"{change.incident.title} was merged into #{other.number}, which has its alerts"
                " now: go on there"
            )
    if change.incident.status.is_over and another_is_open(connection, row):
        raise NotPossibleNow(
            f"another incident of the same trouble as {change.incident.title} is open: go on"
            " there, or resolve that one first"
        )


def _move(
    change: Change,
    status: Status,
    actor: str,
    reason: str,
    details: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    before = change.incident
    ends = status.is_over and before.resolved_at is None
    change.record(
        f"status: {before.status} → {status}" + (f" ({reason})" if reason else ""),
        actor=actor,
        automated=False,
        details=details,
        status=status,
        resolved_at=change.chain.now if ends else before.resolved_at,
        **fields,
    )
