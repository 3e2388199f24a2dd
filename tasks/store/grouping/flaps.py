"""Flapping: what its sender ended, and what came back soon after. No page by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from schemas.incident import Grouping, Incident, Status, hash_of_text
from schemas.wording import minutes
from tasks.base.storable import moment_text
from tasks.store.audit.audit import Chain
from tasks.store.claim_keys import PAGES_RESOLVED, of_occurrence
from tasks.store.database.tables import claims, flaps, incidents
from tasks.store.escalations.escalations import wake_escalation
from tasks.store.grouping.alerts import another_is_open
from tasks.store.records import Change, incident_of

ACTOR = "aeef-runbooks"
_ONE = select(flaps).where(flaps.c.incident_id == bindparam("of"))
_JUST_ENDED = (
    select(incidents, flaps.c.ended_at)
    .join(flaps, flaps.c.incident_id == incidents.c.id)
    .where(
        incidents.c.status == Status.RESOLVED.value,
        or_(
            incidents.c.group_hash == bindparam("group"), incidents.c.dedup_hash == bindparam("key")
        ),
        flaps.c.ended_at >= bindparam("since"),
    )
    .order_by(incidents.c.opened_at.desc())
    .limit(1)
)


def flap_of(connection: Connection, incident: Incident) -> Row[Any] | None:
    """What is known of its coming and going; None when its sender never ended it."""
    return connection.execute(_ONE, {"of": str(incident.incident_id)}).one_or_none()


def change_flap(connection: Connection, incident: Incident, **values: Any) -> None:
    """Set these columns."""
    mine = flaps.c.incident_id == str(incident.incident_id)
    connection.execute(update(flaps).where(mine).values(**values))


def note_end(chain: Chain, incident: Incident, window: timedelta) -> bool:
    """Note that its sender ended it; True when it stays open even so, until it is quiet."""
    row, now = flap_of(chain.connection, incident), moment_text(chain.now)
    if row is None:
        new = {"times": 0, "since": now, "ended_at": now, "flapping": 0}
        values = {"incident_id": str(incident.incident_id), **new}
        chain.connection.execute(insert(flaps).values(**values))
        return False
    ended: dict[str, Any] = {"ended_at": now, "back_at": None, "due_at": None}
    if row.flapping:
        ended["due_at"] = moment_text(chain.now + window)
    elif row.back_at is None or row.back_at < moment_text(chain.now - window):
        ended |= {"times": 0, "since": now}  # it was there for long: a new beginning
    change_flap(chain.connection, incident, **ended)
    return bool(row.flapping)


def stay_quiet(connection: Connection, incident: Incident) -> None:
    """Its alert is gone again, though it stays open: that it came back is no longer waited for."""
    row = flap_of(connection, incident)
    if row is not None and not row.flapping:
        change_flap(connection, incident, back_at=None, due_at=None)


def just_ended(chain: Chain, group: str | None, key: str, window: timedelta) -> Row[Any] | None:
    """The incident of this group or key that its sender ended within the window."""
    hashed = hash_of_text(key)
    wanted = {
        "group": hashed if group is None else hash_of_text(group),
        "key": hashed,
        "since": moment_text(chain.now - window),
    }
    row = chain.connection.execute(_JUST_ENDED, wanted).one_or_none()
    if row is None or another_is_open(chain.connection, row):
        return None
    resolved_at = incident_of(row).resolved_at
    # Not when a person ended it after that, or again: then it is no all-clear of the sender.
    by_sender = resolved_at and moment_text(resolved_at) == row.ended_at
    return row if by_sender else None


def come_back(chain: Chain, row: Row[Any], grouping: Grouping) -> Change:
    """Open it again, as the same occurrence: it pages and is responded to only when it stays."""
    change = Change(chain, incident_of(row))
    ended = change.incident.resolved_at or chain.now
    status = Status.OPEN if row.acknowledged_at is None else Status.INVESTIGATING
    flap = flap_of(chain.connection, change.incident)
    times = 1 if flap is None else flap.times + 1
    change.record(
        f"came back {minutes(chain.now - ended)} after its sender's all-clear, time {times};"
        f" status: {change.incident.status} → {status}; it pages anew when it stays for"
        f" {minutes(grouping.stays)}",
        actor=ACTOR,
        automated=True,
        status=status,
        resolved_at=None,
    )
    pages_ring_again(chain.connection, change.incident)
    wake_escalation(chain.connection, change.incident, chain.now)
    _beat(change, times, grouping)
    return change


def beat_again(change: Change, grouping: Grouping) -> bool:
    """Count one more return of an incident that is open because it flaps; True when it does."""
    flap = flap_of(change.chain.connection, change.incident)
    if flap is not None and flap.flapping and flap.back_at is None:
        _beat(change, flap.times + 1, grouping)
    return flap is not None and bool(flap.flapping)


def pages_ring_again(connection: Connection, incident: Incident) -> None:
    """Forget that its pages were resolved: those that it gets from now on have to be, too."""
    key = of_occurrence(incident, PAGES_RESOLVED)
    mine = claims.c.incident_id == str(incident.incident_id), claims.c.key == key
    connection.execute(delete(claims).where(*mine))


def waits_to_see(connection: Connection, incident: Incident) -> bool:
    """True while it is back, has not been paged for, and nobody knows whether it stays."""
    flap = flap_of(connection, incident)
    return bool(flap and flap.back_at and flap.due_at and not flap.flapping)


def in_words(flap: Row[Any], now: datetime) -> str:
    """`15 times in 3 min`."""
    times = "once" if flap.times == 1 else f"{flap.times} times"
    return f"{times} in {minutes(now - datetime.fromisoformat(flap.since))}"


def _beat(change: Change, times: int, grouping: Grouping) -> None:
    chain = change.chain
    was = flap_of(chain.connection, change.incident)
    change_flap(
        chain.connection,
        change.incident,
        times=times,
        back_at=moment_text(chain.now),
        due_at=moment_text(chain.now + grouping.stays),
        flapping=int(times >= grouping.flapping_after),
    )
    flap = flap_of(chain.connection, change.incident)
    if was is not None and flap is not None and flap.flapping and not was.flapping:
        change.record(
            f"flapping: it came back {in_words(flap, chain.now)}; the on-call is paged once, and it"
            f" stays open until it has been quiet for {minutes(grouping.flap_window)}",
            actor=ACTOR,
            automated=True,
        )
