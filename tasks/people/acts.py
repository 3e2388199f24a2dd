"""Every act of a person, and the one way to do one: rights first, then the act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from schemas.errors import InvalidInput, NotAllowed
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


def perform(
    name: str, incident_id: str, given: Mapping[str, Any], actor: Actor, settings: Settings
) -> Done:
    """Let this person do it, once the rights are clear. given: the act's fields, as JSON data.

    Raises NotAllowed, NotPossibleNow, IncidentNotFound, or InvalidInput that names the field.
    """
    act = PERSON_ACTS.get(name)
    if act is None:
        raise InvalidInput(f"there is no act {name[:40]!a}; there are: {', '.join(PERSON_ACTS)}")
    require_right(act, actor)
    try:
        asked = act.asks.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or act.name
        raise InvalidInput(f"{field}: {first['msg']}") from None
    return act.do(Hand(incident_id, actor, settings), asked)


def require_right(act: PersonAct, actor: Actor) -> None:
    """Raise NotAllowed unless they may do it."""
    if not actor.may(act.right):
        raise NotAllowed(f"{actor.called} may not {act.name}: that needs the right '{act.right}'")
