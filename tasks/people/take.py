"""Who has an incident, and who leads: take it, give it back, hand it over, name a lead."""

from __future__ import annotations

from pydantic import Field

from schemas.errors import NotPossibleNow
from schemas.incident import Incident
from schemas.lifecycle import Standing, Verb, why_not
from schemas.model import Model
from schemas.people import Right
from tasks.people.act import Done, Hand, Nothing, PersonAct
from tasks.people.channels import acknowledge_everywhere, show_everywhere
from tasks.people.colleagues import colleague, is_same
from tasks.people.fields import POSITIONAL, MaybeReason, MaybeWords, Words
from tasks.view.bar import called


class GiveBack(Model):
    """Why."""

    reason: MaybeReason = ""


class HandOver(Model):
    """To whom, and why."""

    to: Words = Field(
        description="Who has it from now on: a name of [people].", json_schema_extra=POSITIONAL
    )
    reason: MaybeReason = ""


class Lead(Model):
    """Who leads."""

    person: MaybeWords = Field(
        default="",
        description="A name of [people]; without one, you.",
        json_schema_extra=POSITIONAL,
    )


def owned(standing: Standing, hand: Hand) -> str:
    """`Ann Example has it since 10:31 UTC`; `nobody has it`."""
    if standing.owner is None or standing.owner_since is None:
        return "nobody has it"
    has = "you have" if is_same(standing.owner, hand.actor) else None
    has = has or f"{called(standing.owner, hand.settings)} has"
    return f"{has} it since {standing.owner_since:%H:%M} UTC"


def _take(hand: Hand, _asked: Nothing) -> Done:
    outcome = hand.lifecycle.take(hand.incident_id, actor=hand.actor.on_record)
    incident, standing = outcome.incident, outcome.standing
    if incident.status.is_over:
        raise NotPossibleNow(why_not(Verb.TAKE, incident))
    said = f"{incident.title}: {incident.status}; {owned(standing, hand)}"
    if not is_same(standing.owner, hand.actor):
        said += f"; noted that {hand.actor.called} pressed {TAKE.title}, too"
        return Done(incident, said, changed=False)
    return Done(incident, said, outcome.changed, acknowledge_everywhere(hand, incident))


def _give_back(hand: Hand, asked: GiveBack) -> Done:
    outcome = hand.lifecycle.give_back(
        hand.incident_id, actor=hand.actor.on_record, reason=asked.reason
    )
    return _done(hand, outcome.incident, outcome.standing, changed=outcome.changed)


def _hand_over(hand: Hand, asked: HandOver) -> Done:
    to = colleague(asked.to, "to", hand.settings)
    outcome = hand.lifecycle.hand_over(
        hand.incident_id, to, actor=hand.actor.on_record, reason=asked.reason
    )
    done = _done(hand, outcome.incident, outcome.standing, changed=outcome.changed)
    if outcome.before.owner is None and outcome.changed:
        return done._replace(problem=acknowledge_everywhere(hand, outcome.incident))
    return done


def _lead(hand: Hand, asked: Lead) -> Done:
    lead = colleague(asked.person, "person", hand.settings) if asked.person else ""
    outcome = hand.lifecycle.name_lead(
        hand.incident_id, lead or hand.actor.on_record, actor=hand.actor.on_record
    )
    name = called(outcome.standing.lead or "", hand.settings)
    problem = show_everywhere(hand, outcome.incident) if outcome.changed else ""
    return Done(
        outcome.incident, f"{outcome.incident.title}: {name} leads", outcome.changed, problem
    )


def _done(hand: Hand, incident: Incident, standing: Standing, *, changed: bool) -> Done:
    said = f"{incident.title}: {incident.status}; {owned(standing, hand)}"
    return Done(incident, said, changed, show_everywhere(hand, incident) if changed else "")


TAKE = PersonAct(
    name="ack",
    title="Take it",
    does="You have it: nobody else is called.",
    right=Right.RESPOND,
    asks=Nothing,
    do=_take,
    undone="It stays yours until somebody else takes it or it is over.",
)
GIVE_BACK = PersonAct(
    name="unack",
    title="Give it back",
    does="Nobody has it any more: the next one is called when nobody takes it in time.",
    right=Right.RESPOND,
    asks=GiveBack,
    do=_give_back,
)
HAND_OVER = PersonAct(
    name="hand-over",
    title="Hand over",
    does="Somebody else has it from now on.",
    right=Right.RESPOND,
    asks=HandOver,
    do=_hand_over,
)
LEAD = PersonAct(
    name="lead",
    title="Name the lead",
    does="One person leads the response; of a P1 or P2 within an hour.",
    right=Right.RESPOND,
    asks=Lead,
    do=_lead,
)
