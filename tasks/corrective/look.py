"""One round over the corrective actions: waivers that ended, effects, what people have to know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from schemas.corrective import CorrectiveAction, Stage, Turned, looks_due
from schemas.corrective.transitions import end_waiver, see_effect
from schemas.errors import AeefError
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.corrective.effect import look_at_effect
from tasks.corrective.notices import send_notices
from tasks.corrective.tickets import ensure_ticket
from tasks.store import open_store
from tasks.store.sanitize import sanitized


def look_at_all(settings: Settings, now: datetime | None = None) -> str:
    """Do one round; what was seen, in words. Safe to repeat: each thing happens once.

    now: for tests. Raises AeefError that names what could not be done; the rest was.
    """
    now = now or utc_now()
    store = open_store(settings)
    said: list[str] = []
    problems: list[str] = []

    def one(action: CorrectiveAction, work: Callable[[], str]) -> None:
        try:
            if text := work():
                said.append(f"{action.reference}: {text}")
        except AeefError as error:  # the others are looked at all the same
            problems.append(f"{action.reference}: {error}")

    looked = store.corrective.to_look_at(now)
    ending = store.corrective.waivers_ending(now + settings.corrective.remind)
    unsettled = store.corrective.unsettled()
    problems += [each.why for each in {*looked.broken, *ending.broken, *unsettled.broken}]
    for action in looked.found:
        one(action, lambda action=action: look_at_one(action, settings, now))  # type: ignore[misc]
    seen = {each.number for each in looked.found}
    for action in [*unsettled.found, *ending.found]:
        if action.number in seen:
            continue
        one(action, lambda action=action: _notify(action, settings, now))  # type: ignore[misc]
    if problems:
        raise AeefError(sanitized("; ".join([*problems, *said]), settings))
    return "; ".join(said) or "nothing is due"


def look_at_one(action: CorrectiveAction, settings: Settings, now: datetime) -> str:
    """End its waiver, or look whether it worked; what that came to, empty when nothing is new."""
    turn = _end_of_waiver(action, settings, now)
    if action.stage is not Stage.WAIVED:
        turn = _effect(action, settings, now)
    store = open_store(settings)
    after, changed = store.corrective.change(action.number, turn)
    said = [_in_words(after)] if changed else []
    if changed and after.stage is Stage.OPEN:
        said.append(ticket_again(after, settings))
    said.append(send_notices(after, settings, now))
    return "; ".join(filter(None, said))


Turn = Callable[[CorrectiveAction, datetime], Turned | None]


def _end_of_waiver(action: CorrectiveAction, settings: Settings, now: datetime) -> Turn:
    due_at = now + settings.corrective.again
    return lambda present, _at: end_waiver(present, now, due_at)


def _effect(action: CorrectiveAction, settings: Settings, now: datetime) -> Turn:
    """The change that a look brings; none when somebody has changed the action meanwhile."""
    days = looks_due(action, now)
    seen = look_at_effect(action, open_store(settings), settings) if days else (None, "")
    due_at = now + settings.corrective.again

    def turn(present: CorrectiveAction, at: datetime) -> Turned | None:
        if present.verified_at != action.verified_at or present.stage is not Stage.VERIFIED:
            return None
        still = tuple(each for each in looks_due(present, now) if each in days)
        return see_effect(present, at, still, seen, due_at)

    return turn


def ticket_again(action: CorrectiveAction, settings: Settings) -> str:
    """The ticket of what is open again; why it has none yet: the intake makes it later."""
    try:
        ensure_ticket(action, settings, holder=f"again {uuid4()}")
    except AeefError as error:
        return sanitized(f"it has no ticket yet: {error}", settings)
    return ""


def _notify(action: CorrectiveAction, settings: Settings, now: datetime) -> str:
    return send_notices(action, settings, now)


def _in_words(action: CorrectiveAction) -> str:
    if action.stage is Stage.OPEN:
        return f"open again: {action.why_again}"
    newest = max(action.effects, key=lambda each: each.at, default=None)
    return newest.seen if newest else ""
