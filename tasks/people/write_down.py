"""What people write down: notes and decisions."""

from __future__ import annotations

from pydantic import Field

from schemas.model import Model
from schemas.people import Right
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.channels import show_everywhere
from tasks.people.fields import POSITIONAL, Words


class Text(Model):
    """What is written down."""

    text: Words = Field(description="The text.", json_schema_extra=POSITIONAL)


def _write(hand: Hand, kind: str, asked: Text) -> Done:
    outcome = hand.lifecycle.write_down(
        hand.incident_id, kind, asked.text, actor=hand.actor.on_record
    )
    incident = outcome.incident
    if not outcome.changed:
        said = f"{incident.title}: this {kind} of yours is on record already"
        return Done(incident, said, changed=False)
    return Done(
        incident, f"{incident.title}: {kind} on record", problem=show_everywhere(hand, incident)
    )


NOTE = PersonAct(
    name="note",
    title="Note",
    does="Puts a note on record; nothing else changes.",
    right=Right.RESPOND,
    asks=Text,
    do=lambda hand, asked: _write(hand, "note", asked),
)
DECIDE = PersonAct(
    name="decide",
    title="Decision",
    does="Puts a decision on record, for those who ask later why.",
    right=Right.RESPOND,
    asks=Text,
    do=lambda hand, asked: _write(hand, "decision", asked),
)
