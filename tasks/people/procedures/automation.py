"""Stop the automation for an incident's targets, and start it again: `aeef automation` as acts."""

from __future__ import annotations

from pydantic import Field

from schemas.automation import Mode
from schemas.errors import NotPossibleNow
from schemas.model import Model
from schemas.people import Right
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.fields import Words


class Why(Model):
    """Why, for those who find it so."""

    reason: Words = Field(description="Why; everybody who is paged reads it.")


def _names(hand: Hand) -> list[str]:
    """The incident's targets; one empty name, which is everything, when it has none."""
    found = map(hand.settings.target_of, hand.incident.affected_services)
    return list(dict.fromkeys(target.name for target in found if target)) or [""]


def _to_change(hand: Hand, mode: Mode) -> list[str]:
    """The targets that are not in this mode yet. Raises NotPossibleNow when all are."""
    automation = hand.store.automation()
    words = {name: automation.of(name or None) for name in _names(hand)}
    names = [name for name, word in words.items() if word.mode is not mode]
    if not names:
        raise NotPossibleNow("; ".join(map(str, words.values())))
    return names


def _set(hand: Hand, mode: Mode, reason: str) -> Done:
    said = [
        str(hand.store.set_automation(mode, target=name, why=reason, actor=hand.actor.on_record))
        for name in _to_change(hand, mode)
    ]
    hand.store.record_action(
        hand.incident_id, "; ".join(said), actor=hand.actor.on_record, automated=False
    )
    return Done(hand.incident, "; ".join(said))


def _would(hand: Hand, mode: Mode) -> str:
    names = " and ".join(name or "everything" for name in _to_change(hand, mode))
    return f"would put on record: {mode.in_words} for {names}"


STOP = PersonAct(
    name="stop-automation",
    title="Stop the automation",
    does="Runbooks page and change nothing more of these targets; what has begun stops before its"
    " next change.",
    right=Right.RESPOND,
    asks=Why,
    do=lambda hand, asked: _set(hand, Mode.OFF, asked.reason),
    undone="Undone by Start the automation.",
    foresee=lambda hand: _would(hand, Mode.OFF),
)
START = PersonAct(
    name="start-automation",
    title="Start the automation",
    does="Runbooks act again for these targets.",
    right=Right.RESPOND,
    asks=Why,
    do=lambda hand, asked: _set(hand, Mode.ON, asked.reason),
    undone="Undone by Stop the automation.",
    foresee=lambda hand: _would(hand, Mode.ON),
)
