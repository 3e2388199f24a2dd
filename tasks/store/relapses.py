"""Relapses: an alert asks for a look at the services, and what was seen decides.

The question is stored with the alert, so that a crash loses neither. However many alerts ask,
one look answers all that asked before it was made.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, update

from schemas.figures import RELAPSE_COUNTER, Moment
from schemas.incident import (
    RELAPSED,
    Alert,
    Incident,
    Look,
    Severity,
    Status,
    Verdict,
    canonical_json,
    is_fresh,
)
from tasks.base.storable import clean_json, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import looks
from tasks.store.escalations.escalations import start_escalation
from tasks.store.grouping.alerts import another_is_open
from tasks.store.grouping.flaps import change_flap, waits_to_see
from tasks.store.lifecycle.standings import NO_PROPOSAL, change_standing
from tasks.store.moments.moments import note_detected
from tasks.store.records import Change, find, incident_of
from tasks.store.reviews.stages import goes_on
from tasks.store.tallies import Count, count

ACTOR = "aeef-runbooks"
_DUE = looks.c.asked > looks.c.answered


class AskedLook(NamedTuple):
    """A look that somebody must make now; `number`: how many alerts had asked when it began."""

    incident_id: UUID
    number: int


class Looked(NamedTuple):
    """The outcome of a look. occurrence: the new one if it was a relapse, else the present one."""

    look: Look
    is_relapse: bool
    occurrence: int


class LookState(NamedTuple):
    """asked, answered: how many alerts asked for a look, and how many have their answer."""

    asked: int
    answered: int
    last: Looked | None


def ask_look(
    chain: Chain, incident: Incident, alert: Alert, severity: Severity, *, is_new: bool = False
) -> int:
    """Store that somebody must look; the number of this question. is_new: as in `wants_look`."""
    row = _row(chain.connection, incident)
    asked = 1 if row is None else row.asked + 1
    values = {
        "asked": asked,
        "asked_at": moment_text(chain.now),
        "severity": severity.value,
        "repeated_only": int(alert.names_one_occurrence and not is_new),
    }
    if row is None:
        new = {"incident_id": str(incident.incident_id), "answered": 0}
        chain.connection.execute(insert(looks).values(**new, **values))
        return asked
    if row.asked > row.answered:  # an earlier alert waits too
        values["asked_at"] = row.asked_at
        values["severity"] = min(severity, Severity(row.severity)).value
        values["repeated_only"] &= row.repeated_only
    _change(chain.connection, incident, values)
    return asked


def lease_looks(log: AuditLog, limit: int, lease: timedelta) -> list[AskedLook]:
    """The looks that are due, oldest first; nobody else gets them until the lease ends."""
    with log.database.read() as connection:
        if connection.execute(_free_looks(log, connection, 1)).first() is None:
            return []

    def work(connection: Connection) -> list[AskedLook]:
        free = _free_looks(log, connection, limit).with_for_update(skip_locked=True)
        rows = connection.execute(free).all()
        ids = [row.incident_id for row in rows]
        until = moment_text(log.database.lease_now(connection) + lease)
        connection.execute(
            update(looks).where(looks.c.incident_id.in_(ids)).values(leased_until=until)
        )
        return [AskedLook(UUID(row.incident_id), row.asked) for row in rows]

    return log.database.write(work)


def settle_look(
    log: AuditLog, asked: AskedLook, look: Look, within: timedelta
) -> tuple[Incident, Looked | None]:
    """Record what was seen: a relapse, or that the alert was attached to an incident that is well.

    None when another look has answered meanwhile.
    """

    def work(chain: Chain) -> tuple[Incident, Looked | None]:
        row = find(chain.connection, asked.incident_id)
        change = Change(chain, incident_of(row))
        state = _row(chain.connection, change.incident)
        if state is None or state.answered >= asked.number:
            return change.incident, None
        if look.is_second_outage:
            since = datetime.fromisoformat(state.asked_at)
            relapses = _relapse_once(change, row, look, Severity(state.severity), since, within)
        else:
            relapses = False
            _note_well(change, look, repeated=bool(state.repeated_only))
        occurrence = change.incident.occurrence
        outcome = {"look": look.to_json(), "isRelapse": relapses, "occurrence": occurrence}
        # Whoever asked during a look that found it well asks for another one.
        answered = state.asked if look.is_second_outage else asked.number
        text = canonical_json(clean_json(outcome))
        values = {"answered": answered, "leased_until": None, "outcome": text}
        _change(chain.connection, change.incident, values)
        return change.incident, Looked(look, relapses, occurrence)

    return log.change(work)


def relapse_now(
    log: AuditLog, incident_id: UUID | str, because: str, actor: str, *, resolved_too: bool = False
) -> Incident:
    """The relapse of a mitigated incident that somebody saw broken again; else nothing."""

    def work(chain: Chain) -> Incident:
        row = find(chain.connection, incident_id)
        change = Change(chain, incident_of(row))
        status = change.incident.status
        again = resolved_too and status is Status.RESOLVED
        if again and not another_is_open(chain.connection, row):
            begin_occurrence(change, because, change.incident.severity, actor)
        if status is Status.MITIGATED:
            begin_occurrence(change, because, change.incident.severity, actor)
        return change.incident

    return log.change(work)


def look_state(log: AuditLog, incident_id: UUID | str) -> LookState:
    """The questions for looks at an incident's services, and the newest answer."""
    with log.database.read() as connection:
        row = _row(connection, incident_of(find(connection, incident_id)))
    if row is None:
        return LookState(0, 0, None)
    last = None
    if row.outcome is not None:
        said = json.loads(row.outcome)
        look = Look.model_validate(said["look"])
        last = Looked(look, said["isRelapse"], said["occurrence"])
    return LookState(row.asked, row.answered, last)


def looks_due(log: AuditLog, older_than: timedelta) -> int:
    """How many incidents have waited longer than this for a look."""
    before = moment_text(log.clock() - older_than)
    query = select(func.count()).select_from(looks).where(_DUE, looks.c.asked_at <= before)
    with log.database.read() as connection:
        return connection.execute(query).scalar_one()


def _relapse_once(
    change: Change,
    row: Row[Any],
    look: Look,
    severity: Severity,
    since: datetime,
    within: timedelta,
) -> bool:
    """True when it became a relapse; a closed incident stays closed."""
    incident = change.incident
    if incident.status in (Status.OPEN, Status.INVESTIGATING):
        # People and runbook are at it, unless it came back: that it is broken was seen now.
        returned = waits_to_see(change.chain.connection, incident)
        if relapses := returned and look.verdict is Verdict.BROKEN:
            change_flap(change.chain.connection, incident, due_at=None)
            begin_occurrence(change, look.sentence, severity, ACTOR)
        return relapses
    fresh = incident.status is Status.MITIGATED or is_fresh(incident, since, within)
    if look.verdict is not Verdict.BROKEN and _ended_after(incident, since):
        change.note(f"{look.sentence}; no relapse: it ended since", actor=ACTOR, automated=True)
        return False
    if fresh and not another_is_open(change.chain.connection, row):
        begin_occurrence(change, look.sentence, severity, ACTOR)
        return True
    why = "another incident for it is open" if fresh else f"the incident is {incident.status}"
    change.note(f"{look.sentence}; no relapse: {why}", actor=ACTOR, automated=True)
    return False


def _ended_after(incident: Incident, moment: datetime) -> bool:
    """True when it is over since then: whoever asked for the look at that moment said so later."""
    return incident.resolved_at is not None and incident.resolved_at >= moment


def begin_occurrence(change: Change, because: str, severity: Severity, actor: str) -> None:
    """Open it as a new occurrence, which pages and is responded to anew."""
    before = change.incident
    number = before.occurrence + 1
    raised = severity.is_worse_than(before.severity)
    more = f"; severity raised {before.severity} → {severity}" if raised else ""
    change.record(
        f"relapse, occurrence {number}: {because}; status: {before.status} → {Status.OPEN}{more}",
        actor=actor,
        automated=True,
        details={"occurrence": number},
        columns={"acknowledged_at": None},
        moment=Moment.DETECTED,
        status=Status.OPEN,
        resolved_at=None,
        severity=severity if raised else before.severity,
        occurrence=number,
        relapsed_at=change.chain.now,
        raised=False,
    )
    note_detected(change.chain.connection, change.incident)
    # How the outbreak before ended says nothing of this one.
    anew = {"disposition": None, "merged_into": None, **NO_PROPOSAL}
    change_standing(change.chain.connection, change.incident, **anew)
    goes_on(change, ACTOR)
    start_escalation(change.chain.connection, change.incident, change.chain.now)
    labels = {"severity": change.incident.severity.value, "type": change.incident.type}
    count(change.chain.connection, change.incident, [Count(RELAPSE_COUNTER, labels)])
    change.emit(RELAPSED)


def _note_well(change: Change, look: Look, *, repeated: bool) -> None:
    """In the record for the first report, then in the log only; once for what only repeats itself.

    A sender may repeat an alert every five minutes for ever.
    """
    incident = change.incident
    text = f"{look.sentence}; the alert was attached, nobody was paged for it"
    kind = "repeated" if repeated else "reported"
    state = f"{look.verdict}/{kind}/{incident.occurrence}/{incident.status}"
    entry = uuid5(incident.incident_id, state)
    if not change.chain.has(entry):
        write = change.note if repeated else change.record
        write(text, actor=ACTOR, automated=True, entry_id=entry)
    elif not repeated:
        change.note(text, actor=ACTOR, automated=True)


def _free_looks(log: AuditLog, connection: Connection, limit: int) -> Select[Any]:
    now = moment_text(log.database.lease_now(connection))
    free = or_(looks.c.leased_until.is_(None), looks.c.leased_until <= now)
    return select(looks).where(_DUE, free).order_by(looks.c.asked_at).limit(limit)


def _row(connection: Connection, incident: Incident) -> Row[Any] | None:
    query = select(looks).where(looks.c.incident_id == str(incident.incident_id))
    return connection.execute(query).one_or_none()


def _change(connection: Connection, incident: Incident, values: dict[str, Any]) -> None:
    changed = update(looks).where(looks.c.incident_id == str(incident.incident_id))
    connection.execute(changed.values(**values))
