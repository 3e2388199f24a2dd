"""Corrective actions in words, for people and for channels that anybody may read."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.corrective import CorrectiveAction, Stage, is_overdue
from schemas.incident import Incident
from schemas.incident.incident import RESTRICTED
from tasks.base.trim import one_line, trim

LONGEST_TEXT = 160


def public_text(action: CorrectiveAction, incident: Incident) -> str:
    """What is to be done, as everybody in a channel or project may read it."""
    return RESTRICTED if incident.is_restricted else trim(one_line(action.text), LONGEST_TEXT)


def stands(action: CorrectiveAction, now: datetime) -> str:
    """How it stands, in words: `open, ann does it, 3 days overdue`."""
    match action.stage:
        case Stage.VERIFIED:
            return f"verified by {action.verified_by}{_effect(action)}"
        case Stage.WAIVED if action.waiver and not is_overdue(action, now):
            until = f"{action.waiver.until:%Y-%m-%d}"
            return f"waived until {until}, {action.waiver.owner} answers for it"
        case Stage.WAIVED:
            return "open again, for its waiver has ended"
        case Stage.DONE:
            return f"done, {action.verifier} has to verify it, {due(action, now)}"
    return f"open, {action.owner} does it, {due(action, now)}"


def due(action: CorrectiveAction, now: datetime) -> str:
    """`due 2026-12-24`, `due today`, `3 days overdue`."""
    if not is_overdue(action, now):
        return f"due {action.due_at:%Y-%m-%d}"
    late = now - action.due_at
    days = late // timedelta(days=1)
    return f"{days} {'day' if days == 1 else 'days'} overdue" if days else "overdue since today"


def form_for(action: CorrectiveAction) -> str:
    """The act of a person that it waits for; empty: none."""
    match action.stage:
        case Stage.OPEN:
            return "action-done"
        case Stage.DONE:
            return "action-verify"
        case Stage.VERIFIED if any(e.worked is None for e in action.present_effects.values()):
            return "action-worked"
    return ""


def _effect(action: CorrectiveAction) -> str:
    seen = action.present_effects.values()
    if any(each.worked is None for each in seen):
        return "; whether it worked could not be seen: a person has to say"
    if not seen:
        return "; whether it worked was not looked at yet"
    newest = max(seen, key=lambda each: each.after_days)
    return f"; after {newest.after_days:g} days it held"
