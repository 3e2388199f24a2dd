"""What administrators do to what is kept: legal holds, and erasing an original alert."""

from __future__ import annotations

from schemas.errors import NotPossibleNow
from schemas.model import Model
from schemas.people import Right
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.fields import Reason


class Why(Model):
    """Why."""

    reason: Reason


def _hold(hand: Hand, asked: Why) -> Done:
    incident = hand.incident
    hold = hand.store.retention.hold(
        incident.incident_id, reason=asked.reason, actor=hand.actor.on_record
    )
    said = f"{incident.title} is under legal hold {hold.number}: nothing of it is deleted"
    return Done(hand.incident, said)


def _end_hold(hand: Hand, asked: Why) -> Done:
    incident = hand.incident
    standing = [
        each
        for each in hand.store.retention.holds()
        if each.incident_id == incident.incident_id and each.ended_at is None
    ]
    if not standing:
        raise NotPossibleNow(f"{incident.title} is under no legal hold of its own")
    for each in standing:
        hand.store.retention.release(each.number, reason=asked.reason, actor=hand.actor.on_record)
    still = hand.store.retention.held_by(hand.incident)
    said = f"{incident.title}: legal hold {', '.join(str(e.number) for e in standing)} released"
    if still is not None:
        said += f"; hold {still.number} of {still.covers} still covers it"
    return Done(hand.incident, said)


def _erase(hand: Hand, asked: Why) -> Done:
    incident = hand.store.retention.erase_original(
        hand.incident_id, reason=asked.reason, actor=hand.actor.on_record
    )
    return Done(incident, f"{incident.title}: nobody can read its original alert any longer")


HOLD = PersonAct(
    name="legal-hold",
    title="Legal hold",
    does="Nothing of this incident is deleted while the hold stands: record, evidence, events.",
    right=Right.ADMIN,
    asks=Why,
    do=_hold,
    undone="Release the hold.",
)
END_HOLD = PersonAct(
    name="end-hold",
    title="Release hold",
    does="Releases the legal holds of this incident: what is due may go again.",
    right=Right.ADMIN,
    asks=Why,
    do=_end_hold,
    undone="Hold it again, before it is disposed of.",
    asks_again=True,
)
ERASE_ORIGINAL = PersonAct(
    name="erase-original",
    title="Erase original",
    does="Destroys the key of the unmasked original alert: the masked record stays.",
    right=Right.ADMIN,
    asks=Why,
    do=_erase,
    undone="It cannot be undone.",
    asks_again=True,
)
