"""How a corrective action goes from stage to stage, who may, and what the record says of it.

Pure: each returns the action as it is afterwards, with the words for the record. Those that a
person asks for raise NotPossibleNow or NotAllowed that say why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.corrective.action import (
    OURS,
    CorrectiveAction,
    Effect,
    Stage,
    Waiver,
    same_person,
)
from schemas.errors import InvalidInput, NotAllowed, NotPossibleNow
from schemas.people import name_on_record


class Turned(NamedTuple):
    """The action afterwards. said: for the record. in_record: False: only in the timeline."""

    action: CorrectiveAction
    said: str
    in_record: bool = True


def require_two_people(owner: str, verifier: str) -> None:
    """Raise InvalidInput when whoever does it would verify it, too."""
    if same_person(owner, verifier):
        raise InvalidInput(
            f"verifier: {owner} does it, so somebody else has to verify it"
            " (AEEF incident guide, 'Corrective Action Tracking')"
        )


def require_not_own(action: CorrectiveAction, actor: str, doing: str) -> None:
    """Raise NotAllowed when they own it, or said that it is done."""
    for person, what in ((action.owner, "owns it"), (action.done_by, "said that it is done")):
        if same_person(person, actor):
            raise NotAllowed(
                f"{action.reference}: whoever {what} does not {doing} it; {action.verifier} does"
            )


def mark_done(action: CorrectiveAction, at: datetime, by: str, said: str = "") -> Turned:
    """It is done; somebody else has to see it. said: what was done."""
    if action.stage not in (Stage.OPEN, Stage.WAIVED):
        raise NotPossibleNow(f"{action.reference} is {_stands(action)}")
    fields = {"stage": Stage.DONE, "done_at": at, "done_by": by, "waiver": None}
    because = f": {said}" if said else ""
    return Turned(action.model_copy(update=fields), f"done{because}; {action.verifier} verifies it")


def verify(action: CorrectiveAction, at: datetime, by: str, said: str = "") -> Turned:
    """Somebody else saw that it is done. said: what they saw."""
    if action.stage is not Stage.DONE:
        raise NotPossibleNow(f"{action.reference} is {_stands(action)}: verify what is done")
    require_not_own(action, by, "verify")
    fields = {"stage": Stage.VERIFIED, "verified_at": at, "verified_by": by}
    after = " and ".join(f"{days:g}" for days in action.look_after)
    looked = f"; whether it worked is looked at after {after} days" if after else ""
    because = f": {said}" if said else ""
    return Turned(action.model_copy(update=fields), f"verified{because}{looked}")


def waive(action: CorrectiveAction, waiver: Waiver, by: str) -> Turned:
    """It is not done, until a day; by: who says so, as on record.

    Neither they nor who answers for it has or had it: else its owner gives it away first.
    """
    if action.stage not in (Stage.OPEN, Stage.WAIVED):
        raise NotPossibleNow(f"{action.reference} is {_stands(action)}: waive what is open")
    for person in (by, waiver.owner):
        for owner in action.people_owning:
            if same_person(person, owner):
                what = "owns it" if owner == action.owner else "owned it and gave it away"
                raise NotAllowed(
                    f"{action.reference}: {owner} {what}: somebody else has to waive it, and"
                    " somebody else to answer for that"
                )
    fields = {"stage": Stage.WAIVED, "waiver": waiver}
    said = f"waived until {waiver.until:%Y-%m-%d %H:%M} UTC, {waiver.owner} answers for it"
    return Turned(action.model_copy(update=fields), f"{said}: {waiver.why}")


def reopen(action: CorrectiveAction, by: str, why: str, due_at: datetime) -> Turned:
    """It is to be done after all, or again; by: as on record."""
    if action.stage is Stage.OPEN:
        raise NotPossibleNow(f"{action.reference} is {_stands(action)}")
    after = _opened(action, due_at, f"{name_on_record(by)} opened it again")
    return Turned(after, f"open again, due {due_at:%Y-%m-%d}: {why}")


def end_waiver(action: CorrectiveAction, at: datetime, due_at: datetime) -> Turned | None:
    """Its waiver has ended, so it is open again; None: it has not."""
    waiver = action.waiver
    if action.stage is not Stage.WAIVED or waiver is None or waiver.until > at:
        return None
    ended = f"its waiver, for which {waiver.owner} answered, ended {waiver.until:%Y-%m-%d}"
    # Whoever answered for it is notified, too: so it stays.
    after = _opened(action, due_at, "its waiver ended").model_copy(update={"waiver": waiver})
    return Turned(after, f"open again, due {due_at:%Y-%m-%d}: {ended}")


def change(
    action: CorrectiveAction,
    *,
    owner: str = "",
    verifier: str = "",
    due_at: datetime | None = None,
    why: str,
) -> Turned:
    """Somebody else does it or verifies it, or it has more or less time."""
    if action.stage.is_settled:
        raise NotPossibleNow(f"{action.reference} is {_stands(action)}: reopen it first")
    if owner and owner != action.owner and action.stage is Stage.DONE:
        # Else whoever did it would give it away, and verify it.
        raise NotPossibleNow(f"{action.reference} is {_stands(action)}: it keeps its owner")
    after = action.model_copy(
        update={
            "owner": owner or action.owner,
            "verifier": verifier or action.verifier,
            "due_at": due_at or action.due_at,
        }
    )
    if after.owner != action.owner:
        had = tuple(dict.fromkeys((*(action.given_by or ()), action.owner)))
        after = after.model_copy(update={"given_by": had})
    require_two_people(after.owner, after.verifier)
    changed = [
        f"{new} {does} instead of {old}"
        for new, old, does in (
            (after.owner, action.owner, "does it"),
            (after.verifier, action.verifier, "verifies it"),
        )
        if new != old
    ]
    if after.due_at != action.due_at:
        changed.append(f"due {after.due_at:%Y-%m-%d} instead of {action.due_at:%Y-%m-%d}")
    if not changed:
        raise InvalidInput("owner, verifier, due: nothing of that would be different")
    return Turned(after, f"{', '.join(changed)}: {why}")


def see_effect(
    action: CorrectiveAction,
    at: datetime,
    after_days: Sequence[float],
    seen: tuple[bool | None, str],
    due_at: datetime,
    by: str = OURS,
) -> Turned | None:
    """What a look, or a person, says of its effect; when it did not work, it is open again.

    seen: whether it worked, and the sentence. None: nothing new was seen.
    """
    worked, said = seen
    before = action.present_effects
    unseen = [
        days for days in after_days if days not in before or before[days].worked is not worked
    ]
    if not unseen:
        return None
    looks = [Effect(after_days=d, at=at, worked=worked, seen=said, by=by) for d in unseen]
    kept = [each for each in action.effects if each not in before.values()]
    kept += [each for days, each in before.items() if days not in unseen]
    after = action.model_copy(update={"effects": (*kept, *looks)})
    when = f"after {' and '.join(f'{days:g}' for days in unseen)} days"
    if worked is None:
        return Turned(after, f"{when}, whether it worked was NOT seen: {said}; a person has to say")
    if worked:
        return Turned(after, f"{when}, what was asked holds: {said}")
    opened = _opened(after, due_at, f"{when}, it was seen that it did not work")
    again = f"open again, due {due_at:%Y-%m-%d}"
    return Turned(opened, f"{when}, it did not work: {said}; {again}")


def put_ticket(action: CorrectiveAction, key: str) -> Turned | None:
    """Its ticket in Jira; None when it has one."""
    if action.ticket:
        return None
    after = action.model_copy(update={"ticket": key, "earlier_ticket": None})
    return Turned(after, f"its ticket is {key}", in_record=False)


def _opened(action: CorrectiveAction, due_at: datetime, why: str) -> CorrectiveAction:
    undone = ("done_at", "done_by", "verified_at", "verified_by", "waiver")
    return action.model_copy(
        update={
            "stage": Stage.OPEN,
            "due_at": due_at,
            "times_opened": action.times_opened + 1,
            "why_again": why,
            # In the same change: a ticket that is closed must not make it done at once.
            "ticket": None,
            "earlier_ticket": action.ticket or action.earlier_ticket,
            **dict.fromkeys(undone),
        }
    )


def _stands(action: CorrectiveAction) -> str:
    match action.stage:
        case Stage.DONE:
            return f"done, and {action.verifier} has not verified it yet"
        case Stage.VERIFIED:
            return f"verified by {action.verified_by}"
        case Stage.WAIVED if action.waiver:
            return f"waived until {action.waiver.until:%Y-%m-%d}"
    return f"open, and {action.owner} does it until {action.due_at:%Y-%m-%d}"
