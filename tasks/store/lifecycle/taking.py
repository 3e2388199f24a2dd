"""Who has an incident: taken once, given back, handed over; and who leads."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import uuid5

from sqlalchemy import Row

from schemas.incident import ACKNOWLEDGED, Incident, Status
from schemas.lifecycle import Standing, Verb, person_of
from tasks.base.storable import clean_text, moment_text
from tasks.store.escalations.escalations import (
    answer_still_on_it,
    start_escalation,
    take_escalation,
)
from tasks.store.lifecycle.guard import require
from tasks.store.lifecycle.standings import change_standing, standing_of
from tasks.store.records import Change


class Outcome(NamedTuple):
    """What an act came to. changed: False: it was so before. before: as it was."""

    incident: Incident
    standing: Standing
    changed: bool
    before: Standing


def take(change: Change, row: Row[Any], actor: str, *, automated: bool) -> bool:
    """The first has it; a later one is noted; once more it answers whoever is asked.

    An incident that is mitigated stays so, and one that is over is left alone.
    """
    before, chain = change.incident.status, change.chain
    if before.is_over:
        return False
    if row.acknowledged_at is not None:
        owner = standing_of(chain.connection, row).owner or ""
        answered = answer_still_on_it(change, actor, automated)
        if not answered and person_of(owner) != person_of(clean_text(actor)):
            _note_late(change, row, owner, actor, automated=automated)
        return False
    take_escalation(chain.connection, change.incident, actor, chain.now)
    _own(change, actor)
    moves = before is Status.OPEN
    change.record(
        "acknowledged" + (f"; status: {before} → {Status.INVESTIGATING}" if moves else ""),
        actor=actor,
        automated=automated,
        columns={"acknowledged_at": moment_text(chain.now)},
        status=Status.INVESTIGATING if moves else before,
    )
    change.emit(ACKNOWLEDGED)
    return True


def give_back(change: Change, row: Row[Any], actor: str, reason: str) -> bool:
    """Nobody has it any more: it is open again, unless it is mitigated, and the levels are called.

    False when nobody had it.
    """
    require(Verb.GIVE_BACK, change.incident)
    if row.acknowledged_at is None:
        return False
    owner = standing_of(change.chain.connection, row).owner
    before = change.incident.status
    moves = before is Status.INVESTIGATING
    change.record(
        f"given back{f' for {owner}' if owner and owner != actor else ''}: nobody has it"
        + (f"; status: {before} → {Status.OPEN}" if moves else "")
        + (f" ({reason})" if reason else ""),
        actor=actor,
        automated=False,
        columns={"acknowledged_at": None},
        status=Status.OPEN if moves else before,
    )
    change_standing(change.chain.connection, change.incident, owner=None, owner_since=None)
    start_escalation(change.chain.connection, change.incident, change.chain.now)
    return True


def hand_over(change: Change, row: Row[Any], to: str, actor: str, reason: str) -> bool:
    """Somebody else has it from now on; False when they have it already."""
    require(Verb.HAND_OVER, change.incident)
    chain, to = change.chain, clean_text(to)
    owner = standing_of(chain.connection, row).owner
    if owner is not None and person_of(owner) == to:
        return False
    take_escalation(chain.connection, change.incident, to, chain.now)
    _own(change, to)
    before = change.incident.status
    moves = before is Status.OPEN
    change.record(
        f"handed over {f'from {owner} ' if owner else ''}to {to}"
        + (f"; status: {before} → {Status.INVESTIGATING}" if moves else "")
        + (f" ({reason})" if reason else ""),
        actor=actor,
        automated=False,
        columns={"acknowledged_at": row.acknowledged_at or moment_text(chain.now)},
        status=Status.INVESTIGATING if moves else before,
    )
    if row.acknowledged_at is None:
        change.emit(ACKNOWLEDGED)
    return True


def name_lead(change: Change, row: Row[Any], lead: str, actor: str) -> bool:
    """Somebody leads the response; False when they do already."""
    require(Verb.LEAD, change.incident)
    chain, lead = change.chain, clean_text(lead)
    before = standing_of(chain.connection, row).lead
    if before is not None and person_of(before) == person_of(lead):
        return False
    since = moment_text(chain.now)
    change_standing(chain.connection, change.incident, lead=lead, lead_since=since)
    change.record(
        f"lead: {lead}" + (f", in place of {before}" if before else ""),
        actor=actor,
        automated=False,
    )
    return True


def _own(change: Change, owner: str) -> None:
    since = moment_text(change.chain.now)
    change_standing(
        change.chain.connection, change.incident, owner=clean_text(owner), owner_since=since
    )


def _note_late(change: Change, row: Row[Any], owner: str, actor: str, *, automated: bool) -> None:
    """Somebody else took it, too: on the timeline, once for each of them."""
    identity = f"took-too/{change.incident.occurrence}/{row.acknowledged_at}/{actor}"
    entry = uuid5(change.incident.incident_id, identity)
    if not change.chain.has(entry):
        has_it = f"{owner} has it" if owner else "it was taken before"
        text = f"acknowledged, too; {has_it} since {row.acknowledged_at[11:16]} UTC"
        change.note(text, actor=actor, automated=automated, entry_id=entry)
