"""People say how a corrective action stands: done, verified, waived, open again."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from schemas.corrective import CorrectiveAction, Stage, Turned, Waiver, same_person
from schemas.corrective.transitions import (
    mark_done,
    reopen,
    require_not_own,
    verify,
    waive,
)
from schemas.errors import InvalidInput
from schemas.model import Model, utc_now
from schemas.people import Right
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.corrective.given import (
    Because,
    Day,
    PersonGiven,
    Which,
    choice,
    day_given,
    person_given,
)
from tasks.people.corrective.turning import require_proof, turn_action
from tasks.people.fields import MaybeWords


class Finishing(Model):
    """What was done."""

    text: MaybeWords = Field(default="", description="What was done, and where it can be seen.")
    action: Which = ""


class Verifying(Model):
    """What was seen."""

    text: MaybeWords = Field(default="", description="What you have looked at.")
    action: Which = ""


class Waiving(Model):
    """Why it is not done, until when, and who answers for that."""

    until: Day
    reason: Because
    owner: PersonGiven = Field(
        default="", description="Who answers for it: a name; without one, you."
    )
    action: Which = ""


class Reopening(Model):
    """Why it is to be done after all, and until when."""

    reason: Because
    due: Day = ""
    action: Which = ""


def _done(hand: Hand, asked: Finishing) -> Done:
    actor = hand.actor.on_record
    return turn_action(hand, asked.action, lambda a, at: mark_done(a, at, actor, asked.text))


def _verify(hand: Hand, asked: Verifying) -> Done:
    actor, said = hand.actor, asked.text

    def turn(action: CorrectiveAction, at: datetime) -> Turned:
        require_not_own(action, actor.on_record, "verify")
        require_proof(hand, action, "verified")
        place = "" if same_person(actor.on_record, action.verifier) else action.verifier
        for_them = f"in place of {place}" if place else ""
        return verify(action, at, actor.on_record, "; ".join(filter(None, [said, for_them])))

    return turn_action(hand, asked.action, turn)


def _waive(hand: Hand, asked: Waiving) -> Done:
    settings, now = hand.settings, utc_now()
    until = day_given(asked.until, "until", now)
    longest = settings.corrective.longest_waiver_days
    if until > now + timedelta(days=longest + 1):
        raise InvalidInput(f"until: a waiver ends within {longest:g} days")
    owner = person_given(asked.owner, "owner", settings, otherwise=hand.actor)
    waiver = Waiver(owner=owner, why=asked.reason, until=until)
    actor = hand.actor.on_record
    return turn_action(hand, asked.action, lambda a, _at: waive(a, waiver, actor))


def _reopen(hand: Hand, asked: Reopening) -> Done:
    now = utc_now()
    due_at = day_given(asked.due, "due", now) if asked.due else now + hand.settings.corrective.again
    actor = hand.actor.on_record
    return turn_action(hand, asked.action, lambda a, _at: reopen(a, actor, asked.reason, due_at))


DONE = PersonAct(
    name="action-done",
    title="A corrective action is done",
    does="Its verifier is asked to look; until then it is not settled.",
    right=Right.RESPOND,
    asks=Finishing,
    do=_done,
    undone="Undone by opening it again.",
    shows=choice(Stage.OPEN, Stage.WAIVED),
)
VERIFY = PersonAct(
    name="action-verify",
    title="Verify a corrective action",
    does="You have seen that it is done; whether it worked is looked at later.",
    right=Right.RESPOND,
    asks=Verifying,
    do=_verify,
    undone="Undone by opening it again.",
    shows=choice(Stage.DONE),
)
WAIVE = PersonAct(
    name="action-waive",
    title="Waive a corrective action",
    does="It is not done for now: somebody else than its owner answers for that until a day.",
    right=Right.APPROVE,
    asks=Waiving,
    do=_waive,
    undone="Undone by opening it again; by itself on that day.",
    shows=choice(Stage.OPEN, Stage.WAIVED),
)
REOPEN = PersonAct(
    name="action-reopen",
    title="Open a corrective action again",
    does="It is to be done after all, or again; its owner and verifier are notified.",
    right=Right.RESPOND,
    asks=Reopening,
    do=_reopen,
    undone="Undone by doing it.",
    shows=choice(Stage.DONE, Stage.VERIFIED, Stage.WAIVED),
)
