"""Approve, or reject, what waits for it; or break the glass, which is reviewed afterwards."""

from __future__ import annotations

from pydantic import Field

from schemas.errors import InvalidInput
from schemas.model import Model
from schemas.people import Right
from tasks.approvals.confirming import confirm_if_granted
from tasks.approvals.decide import (
    all_waiting,
    decide,
    follow_decision,
    outcome_of,
    signature_of,
    waiting_for,
)
from tasks.people.act import Done, Hand, PersonAct, Shown

WHICH = "Of several: its id, or what it is of, such as 'restore'."
SHOWN = "The digest of what you have read: another text is refused."


class Approving(Model):
    """approval: which one, when several wait: its id, the beginning of it, or what it is of.

    shown: the SHA-256 of what you read, as a page or a message has it. break_glass: let it go on
    now, alone; governance is called, and somebody else has to review it.
    """

    approval: str = Field(default="", max_length=60, description=WHICH)
    shown: str = Field(default="", max_length=64, description=SHOWN)
    reason: str = Field(default="", max_length=2_000, description="Why; for the record.")
    break_glass: bool = Field(
        default=False, description="Let it go on now, alone: it is reviewed; say why."
    )


class Rejecting(Model):
    """reason: why; it is asked for."""

    reason: str = Field(max_length=2_000, description="Why it is rejected.")
    approval: str = Field(default="", max_length=60, description=WHICH)
    shown: str = Field(default="", max_length=64, description=SHOWN)


def _approve(hand: Hand, asked: Approving) -> Done:
    return _decide(hand, asked.approval, asked.shown, asked.reason, glass=asked.break_glass)


def _reject(hand: Hand, asked: Rejecting) -> Done:
    if not asked.reason.strip():
        raise InvalidInput("reason: say why it is rejected")
    return _decide(hand, asked.approval, asked.shown, asked.reason, approves=False)


def _decide(
    hand: Hand,
    wanted: str,
    shown: str,
    reason: str,
    *,
    approves: bool = True,
    glass: bool = False,
) -> Done:
    approval = waiting_for(hand.incident, hand.settings, wanted)
    digest = shown or approval.question.digest
    signature = signature_of(
        hand.actor, digest, approves=approves, breaks_glass=glass, reason=reason
    )
    after = decide(approval, signature, hand.settings)
    confirm_if_granted(after, hand.settings)
    problem = follow_decision(after, signature, hand.settings)
    return Done(hand.incident, outcome_of(after), problem=problem)


def _shown(hand: Hand) -> list[Shown]:
    """What waits, exactly, and the hash of it: another text is another question."""
    return [
        Shown(
            each.question.shown,
            {"approval": str(each.id), "shown": each.question.digest},
            title=each.title,
        )
        for each in all_waiting(hand.incident, hand.settings)
    ]


APPROVE = PersonAct(
    name="approve",
    title="Approve",
    does="Your word is on record; once all that is needed have approved, it goes on by itself.",
    right=Right.RESPOND,  # whose approval counts, the approval itself says
    asks=Approving,
    do=_approve,
    asks_again=True,
    shows=_shown,
)
REJECT = PersonAct(
    name="reject",
    title="Reject",
    does="It is not done; asking for it anew is.",
    right=Right.RESPOND,
    asks=Rejecting,
    do=_reject,
    asks_again=True,
    shows=_shown,
)
