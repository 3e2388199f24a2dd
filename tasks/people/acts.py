"""Every act of a person, and the one way to do one: rights first, then the act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.errors import InvalidInput, NotAllowed, Outdated
from schemas.incident import hash_of_text
from schemas.lifecycle import NOT_SAID, ShownFor
from schemas.model import Model
from schemas.people import Actor
from schemas.settings import Settings
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.approving import APPROVE, REJECT
from tasks.people.change import CONFIRM, SERVICES, SEVERITY, TYPE
from tasks.people.corrective import add, settle, worked
from tasks.people.end import CLOSE, DISMISS, MITIGATED, REOPEN, RESOLVE
from tasks.people.holding import END_HOLD, ERASE_ORIGINAL, HOLD
from tasks.people.merge import LINK, MERGE
from tasks.people.procedures.automation import START, STOP
from tasks.people.procedures.give_back import RELEASE_FREEZE, RESTORE
from tasks.people.procedures.retry import RETRY
from tasks.people.procedures.roll_back import ROLL_BACK
from tasks.people.review.review import (
    ANSWER_REVIEW,
    BEGIN_REVIEW,
    COMPLETE_REVIEW,
    DRAFT_REVIEW,
    READ_REVIEW,
)
from tasks.people.take import GIVE_BACK, HAND_OVER, LEAD, TAKE
from tasks.people.write_down import DECIDE, NOTE
from tasks.store.lifecycle.guard import NOTHING_DONE, require_shown

ALL: tuple[PersonAct, ...] = (
    *(TAKE, GIVE_BACK, HAND_OVER, LEAD),
    *(NOTE, DECIDE),
    *(APPROVE, REJECT),
    *(CONFIRM, SEVERITY, TYPE, SERVICES),
    *(MERGE, LINK),
    *(MITIGATED, RESOLVE, DISMISS, REOPEN, CLOSE),
    *(BEGIN_REVIEW, DRAFT_REVIEW, ANSWER_REVIEW, COMPLETE_REVIEW, READ_REVIEW),
    *(RETRY, ROLL_BACK, RESTORE, RELEASE_FREEZE),
    *(STOP, START),
    *(add.ADD, add.CHANGE),
    *(settle.DONE, settle.VERIFY, settle.WAIVE, settle.REOPEN, worked.JUDGE),
    *(HOLD, END_HOLD, ERASE_ORIGINAL),
)
PERSON_ACTS: Mapping[str, PersonAct] = {act.name: act for act in ALL}
"""By name."""
SHOWN_FOR = "shownFor"
"""Beside the fields of an act: what it was shown for, as an object, or as its JSON in a form."""

T = TypeVar("T", bound=Model)


def perform(
    name: str,
    incident_id: str,
    given: Mapping[str, Any],
    actor: Actor,
    settings: Settings,
    *,
    waits: bool = False,
) -> Done:
    """Let this person do it, once the rights are clear.

    given: the act's fields, as JSON data; and `SHOWN_FOR`, for an act from a form or a button.
    waits: what takes long is not carried out beside, but before this returns.
    Raises NotAllowed, NotPossibleNow, IncidentNotFound, or InvalidInput that names the field.
    """
    act = PERSON_ACTS.get(name)
    if act is None:
        raise InvalidInput(f"there is no act {name[:40]!a}; there are: {', '.join(PERSON_ACTS)}")
    require_right(act, actor)
    fields = dict(given)
    shown = _read(ShownFor, fields.pop(SHOWN_FOR, None) or {}, SHOWN_FOR)
    asked = _read(act.asks, fields, act.name)
    hand = Hand(incident_id, actor, settings, shown, waits)
    if shown != NOT_SAID:
        _require_shown(act, hand)
    return act.do(hand, asked)


def require_right(act: PersonAct, actor: Actor) -> None:
    """Raise NotAllowed unless they may do it."""
    if not actor.may(act.right):
        raise NotAllowed(f"{actor.called} may not {act.name}: that needs the right '{act.right}'")


def hash_of_foreseen(said: str) -> str:
    """Of what a dry run says would be done; its remarks, below the first line, may differ."""
    return hash_of_text(said.partition("\n")[0])


def _read(model: type[T], given: Any, otherwise: str) -> T:
    try:
        if isinstance(given, str):
            return model.model_validate_json(given)
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or otherwise
        raise InvalidInput(f"{field}: {first['msg']}") from None


def _require_shown(act: PersonAct, hand: Hand) -> None:
    """Raise Outdated when it is not what they were shown any more."""
    require_shown(hand.shown, hand.incident)
    if hand.shown.foreseen and act.foresee is not None:
        now = act.foresee(hand)
        if hash_of_foreseen(now) != hand.shown.foreseen:
            raise Outdated(
                f"{hand.incident.title}: {NOTHING_DONE}, for {act.title} would do something else"
                f" now than what you were shown: {now}"
            )
