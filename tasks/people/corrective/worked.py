"""People say whether a corrective action worked, where nothing could be seen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.corrective import CorrectiveAction, Stage, Turned, looks_due
from schemas.corrective.transitions import require_not_own, see_effect
from schemas.errors import NotPossibleNow
from schemas.model import Model, utc_now
from schemas.people import Right
from tasks.corrective.wording import stands
from tasks.people.act import Done, Hand, PersonAct, Shown
from tasks.people.corrective.given import Which
from tasks.people.corrective.turning import require_proof, turn_action
from tasks.people.fields import POSITIONAL, REST, Words


class Worked(StrEnum):
    """Whether it worked."""

    YES = "yes"
    NO = "no"


class Judging(Model):
    """Whether it worked, and what shows that."""

    worked: Worked = Field(description="yes or no", json_schema_extra=POSITIONAL)
    reason: Words = Field(description="What shows that; goes on record.", json_schema_extra=REST)
    action: Which = ""


def _judge(hand: Hand, asked: Judging) -> Done:
    due_at = utc_now() + hand.settings.corrective.again
    actor, worked = hand.actor.on_record, asked.worked is Worked.YES

    def turn(action: CorrectiveAction, at: datetime) -> Turned | None:
        require_not_own(action, actor, "judge")
        require_proof(hand, action, "judged")
        seen = action.present_effects
        asked_for = tuple(d for d in looks_due(action, at) if d in seen)
        if not asked_for:
            raise NotPossibleNow(
                f"{action.reference} is {stands(action, at)}: nobody was asked whether it worked;"
                " if it did not, reopen it"
            )
        return see_effect(action, at, asked_for, (worked, asked.reason), due_at, actor)

    return turn_action(hand, asked.action, turn)


def _unseen(hand: Hand) -> list[Shown]:
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
    return [Shown("\n".join(lines), {"action": numbers.pop()} if len(numbers) == 1 else {})]


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
