"""Take an incident: nobody else is called for it."""

from __future__ import annotations

from schemas.errors import OutsideServiceError
from schemas.people import Right
from tasks.notify.stand_down import acknowledge_page
from tasks.people.act import Done, Hand, Nothing, PersonAct


def _take(hand: Hand, _asked: Nothing) -> Done:
    incident = hand.store.acknowledge(hand.incident_id, actor=hand.actor.on_record)
    try:
        acknowledge_page(incident.incident_id, hand.settings)
    except OutsideServiceError as error:
        return Done(incident, f"{incident.title}: {incident.status}", problem=str(error))
    return Done(incident, f"{incident.title}: {incident.status}")


TAKE = PersonAct(
    name="ack",
    title="Take it",
    does="You have it: nobody else is called.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_take,
    undone="It stays yours until somebody else takes it or it is over.",
)
