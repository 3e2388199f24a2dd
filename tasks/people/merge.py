"""Incidents that are one, and incidents that have to do with each other."""

from __future__ import annotations

from pydantic import Field

from schemas.model import Model
from schemas.people import Right
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.channels import page_anew, show_everywhere, stand_down_everywhere
from tasks.people.fields import POSITIONAL, MaybeReason, Words


class Into(Model):
    """Into which, and why."""

    into: Words = Field(
        description="The number or id of the other one.", json_schema_extra=POSITIONAL
    )
    reason: MaybeReason = ""


class With(Model):
    """With which, and why."""

    to: Words = Field(
        description="The number or id of the other one.", json_schema_extra=POSITIONAL
    )
    reason: MaybeReason = ""


def _merge(hand: Hand, asked: Into) -> Done:
    before = hand.store.incident(asked.into)
    outcome = hand.lifecycle.merge(
        hand.incident_id, asked.into, actor=hand.actor.on_record, reason=asked.reason
    )
    incident, other = outcome.incident, hand.store.incident(before.incident_id)
    said = f"{incident.title} is part of {other.title}, which has its alerts from now on"
    if not outcome.changed:
        return Done(incident, said, changed=False)
    problems = [stand_down_everywhere(hand, incident)]
    if other.severity is not before.severity:
        problems.append(page_anew(hand, other, f"no longer {before.severity}"))
    else:
        problems.append(show_everywhere(hand, other))
    return Done(incident, said, problem="; ".join(filter(None, problems)))


def _link(hand: Hand, asked: With) -> Done:
    outcome = hand.lifecycle.relate(
        hand.incident_id, asked.to, actor=hand.actor.on_record, reason=asked.reason
    )
    other = hand.store.incident(asked.to)
    said = f"{outcome.incident.title} is linked with {other.title}"
    return Done(outcome.incident, said, outcome.changed)


MERGE = PersonAct(
    name="merge",
    title="Merge",
    does="This one is resolved as a duplicate; its alerts belong to the other one from now on.",
    right=Right.RESPOND,
    asks=Into,
    do=_merge,
)
LINK = PersonAct(
    name="link",
    title="Link",
    does="Both records name each other; nothing else changes.",
    right=Right.RESPOND,
    asks=With,
    do=_link,
)
