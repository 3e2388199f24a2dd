"""People say how a corrective action stands: done, verified, waived, open again, worked or not."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from schemas.corrective import CorrectiveAction, Stage, Turned, Waiver, looks_due, same_person
from schemas.corrective.transitions import (
    mark_done,
    reopen,
    require_not_own,
    see_effect,
    verify,
    waive,
)
from schemas.errors import InvalidInput, NotAllowed, NotPossibleNow, TemporaryError
from schemas.model import Model, utc_now
from schemas.people import Right
from tasks.approvals.rules import knows_people
from tasks.base.network.deadline import deadline
from tasks.corrective.look import Turn, ticket_again
from tasks.corrective.tickets import closed_ticket
from tasks.corrective.wording import stands
from tasks.people.act import Done, Hand, PersonAct, Shown
from tasks.people.channels import SECONDS
from tasks.people.corrective.add import notify, unheard
from tasks.people.corrective.given import Day, PersonGiven, Which, choice, day_given, person_given
from tasks.people.corrective.given import which_action as which
from tasks.people.fields import POSITIONAL, MaybeWords, Reason, Words
from tasks.store.sanitize import sanitized


class Finishing(Model):
    """What was done."""

    action: Which = ""
    text: MaybeWords = Field(default="", description="What was done, and where it can be seen.")


class Verifying(Model):
    """What was seen."""

    action: Which = ""
    text: MaybeWords = Field(default="", description="What you have looked at.")


class Waiving(Model):
    """Why it is not done, until when, and who answers for that."""

    action: Which = ""
    reason: Reason
    until: Day
    owner: PersonGiven = Field(
        default="", description="Who answers for it: a name; without one, you."
    )


class Reopening(Model):
    """Why it is to be done after all, and until when."""

    action: Which = ""
    reason: Reason
    due: Day = ""


class Worked(StrEnum):
    """Whether it worked."""

    YES = "yes"
    NO = "no"


class Judging(Model):
    """Whether it worked, and what shows that."""

    worked: Worked = Field(description="yes or no", json_schema_extra=POSITIONAL)
    reason: Words = Field(description="What shows that; goes on record.")
    action: Which = ""


def _done(hand: Hand, asked: Finishing) -> Done:
    actor = hand.actor.on_record
    return _turn(hand, asked.action, lambda a, at: mark_done(a, at, actor, asked.text))


def _verify(hand: Hand, asked: Verifying) -> Done:
    actor, said = hand.actor, asked.text

    def turn(action: CorrectiveAction, at: datetime) -> Turned:
        require_not_own(action, actor.on_record, "verify")
        _require_proof(hand, action, "verified")
        place = "" if same_person(actor.on_record, action.verifier) else action.verifier
        for_them = f"in place of {place}" if place else ""
        return verify(action, at, actor.on_record, "; ".join(filter(None, [said, for_them])))

    return _turn(hand, asked.action, turn)


def _waive(hand: Hand, asked: Waiving) -> Done:
    settings, now = hand.settings, utc_now()
    until = day_given(asked.until, "until", now)
    longest = settings.corrective.longest_waiver_days
    if until > now + timedelta(days=longest + 1):
        raise InvalidInput(f"until: a waiver ends within {longest:g} days")
    owner = person_given(asked.owner, "owner", settings, otherwise=hand.actor)
    waiver = Waiver(owner=owner, why=asked.reason, until=until)

    def turn(action: CorrectiveAction, _at: datetime) -> Turned:
        if same_person(action.owner, hand.actor.on_record):
            raise NotAllowed(f"{action.reference}: its owner does not waive it")
        return waive(action, waiver)

    return _turn(hand, asked.action, turn)


def _reopen(hand: Hand, asked: Reopening) -> Done:
    now = utc_now()
    due_at = day_given(asked.due, "due", now) if asked.due else now + hand.settings.corrective.again
    actor = hand.actor.on_record
    return _turn(hand, asked.action, lambda a, _at: reopen(a, actor, asked.reason, due_at))


def _judge(hand: Hand, asked: Judging) -> Done:
    due_at = utc_now() + hand.settings.corrective.again
    actor, worked = hand.actor.on_record, asked.worked is Worked.YES

    def turn(action: CorrectiveAction, at: datetime) -> Turned | None:
        require_not_own(action, actor, "judge")
        _require_proof(hand, action, "judged")
        seen = action.present_effects
        asked_for = tuple(d for d in looks_due(action, at) if d in seen)
        if not asked_for:
            raise NotPossibleNow(
                f"{action.reference} is {stands(action, at)}: nobody was asked whether it worked;"
                " if it did not, reopen it"
            )
        return see_effect(action, at, asked_for, (worked, asked.reason), due_at, actor)

    return _turn(hand, asked.action, turn)


def _require_proof(hand: Hand, action: CorrectiveAction, what: str) -> None:
    """Raise NotAllowed unless it is a proven person; where nobody is configured, its verifier."""
    actor = hand.actor
    if actor.is_proven:
        return
    if knows_people(hand.settings):
        raise NotAllowed(
            f"{action.reference} is not {what}: nothing proves who you are; do it on the page, in"
            " Slack, or with a token of your own"
        )
    if not same_person(actor.on_record, action.verifier):
        raise NotAllowed(
            f"{action.reference} is not {what}: {action.verifier} does, or somebody who signed in"
        )


def _unseen(hand: Hand) -> Shown:
    """What could not be seen of which action."""
    found = [
        (each, seen)
        for each in hand.store.corrective.of(hand.incident_id)
        for seen in each.present_effects.values()
        if seen.worked is None and each.stage is Stage.VERIFIED
    ]
    if not found:
        raise NotPossibleNow("whether a corrective action worked is not asked")
    lines = [f"{action.reference}: {seen.seen}" for action, seen in found]
    numbers = {action.reference for action, _ in found}
    return Shown("\n".join(lines), {"action": numbers.pop()} if len(numbers) == 1 else {})


def _turn(hand: Hand, given: str, turn: Turn) -> Done:
    """Change it as the person says, and do what follows: its ticket, and what others must know."""
    present = which(hand, given)
    after, changed = hand.store.corrective.change(present.number, turn, actor=hand.actor.on_record)
    problems = []
    with suppress(TemporaryError), deadline(SECONDS):
        if after.stage is Stage.OPEN:
            problems.append(ticket_again(after, hand.settings))
        elif after.stage is Stage.VERIFIED:
            problems.append(closed_ticket(after, hand.settings))
    problems.append(notify(after, hand.settings))
    problem = sanitized("; ".join(filter(None, problems)), hand.settings)
    said = f"{after.reference}: {stands(after, utc_now())}"
    if changed and after.stage in (Stage.OPEN, Stage.DONE):
        said += unheard(hand.settings)
    return Done(hand.incident, said, changed, problem)


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
JUDGE = PersonAct(
    name="action-worked",
    title="Say whether a corrective action worked",
    does="Answers what could not be seen by itself; no opens it again.",
    right=Right.RESPOND,
    asks=Judging,
    do=_judge,
    undone="Undone by opening it again.",
    shows=_unseen,
)
