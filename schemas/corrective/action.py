"""A corrective action: who does what by when, who verifies it, and whether it worked."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.model import Model, UtcDatetime
from schemas.people import name_on_record

OURS = "aeef-runbooks"
"""Who looked, when no person did."""


class Category(StrEnum):
    """AEEF incident guide, "Corrective Action Categories"."""

    IMMEDIATE_FIX = "immediate-fix"
    PROMPT = "prompt-improvement"
    TEST = "test-improvement"
    SCANNING = "scanning-rule"
    REVIEW = "review-process"
    TRAINING = "training"
    TOOLS = "tool-configuration"


class Stage(StrEnum):
    """OPEN: to be done. DONE: its owner, or its ticket, says so. VERIFIED: somebody else saw it.

    WAIVED: not done, by somebody's word, until a day.
    """

    OPEN = "open"
    DONE = "done"
    VERIFIED = "verified"
    WAIVED = "waived"

    @property
    def is_settled(self) -> bool:
        """True when nobody has to do anything."""
        return self in (Stage.VERIFIED, Stage.WAIVED)


class Waiver(Model):
    """Why it is not done. owner: who answers for that. until: then it is open again."""

    owner: str
    why: str
    until: UtcDatetime


class Effect(Model):
    """One look at whether it worked. after_days: 30 or 90. worked: None: it could not be seen.

    seen: in one sentence, what was asked and found. by: the person who said so, or ours.
    """

    after_days: float
    at: UtcDatetime
    worked: bool | None = None
    seen: str
    by: str = OURS


class CorrectiveAction(Model):
    """number: what people call it, `CA-12`; 0 while it is not on record.

    owner, verifier: names of people, different ones. given_by: who had it before, and gave it to
    somebody else; None: nobody. question: what shows that it worked, as data
    of `question.py`. look_after: days after it was verified at which that is looked at.
    ticket: its key in Jira. earlier_ticket: from before it was open again: it goes on if it is
    open itself. times_opened: 1, and one more each time that it is open again.
    why_again: why it was, in words that everybody may read.
    done_by, verified_by: as on record.
    """

    number: int = Field(default=0, ge=0)
    incident_id: UUID
    category: Category
    text: str
    owner: str
    verifier: str
    given_by: tuple[str, ...] | None = None
    due_at: UtcDatetime
    stage: Stage = Stage.OPEN
    question: dict[str, JsonValue] = Field(default_factory=dict)
    look_after: tuple[float, ...] = (30, 90)
    ticket: str | None = None
    earlier_ticket: str | None = None
    created_at: UtcDatetime
    created_by: str
    times_opened: int = Field(default=1, ge=1)
    why_again: str = ""
    done_at: UtcDatetime | None = None
    done_by: str | None = None
    verified_at: UtcDatetime | None = None
    verified_by: str | None = None
    waiver: Waiver | None = None
    effects: tuple[Effect, ...] = ()

    @property
    def reference(self) -> str:
        """What people call it."""
        return f"CA-{self.number}"

    @property
    def people_owning(self) -> tuple[str, ...]:
        """Whoever has it, or had it and gave it away."""
        return (self.owner, *(self.given_by or ()))

    @property
    def present_effects(self) -> dict[float, Effect]:
        """What was seen since it was verified last, by the days after which it was looked at."""
        since = self.verified_at
        return {each.after_days: each for each in self.effects if since and each.at >= since}


def same_person(one: str | None, other: str | None) -> bool:
    """True when both, as a name or as on record, are the same person."""
    if not one or not other:
        return False
    return name_on_record(one).casefold() == name_on_record(other).casefold()


def is_overdue(action: CorrectiveAction, now: datetime) -> bool:
    """True when it should have been verified by now; a waiver that ended counts as open."""
    if action.stage is Stage.WAIVED:
        return action.waiver is not None and action.waiver.until <= now
    return action.stage is not Stage.VERIFIED and action.due_at <= now


def looks_due(action: CorrectiveAction, now: datetime) -> tuple[float, ...]:
    """The looks at its effect that are due: not made yet, or made and nothing could be seen."""
    if action.stage is not Stage.VERIFIED or action.verified_at is None:
        return ()
    seen = action.present_effects
    return tuple(
        days
        for days in action.look_after
        if _after(action.verified_at, days) <= now
        and (days not in seen or seen[days].worked is None)
    )


def next_look(action: CorrectiveAction) -> datetime | None:
    """When a flow has to look at it next: its waiver ends, or its effect is looked at."""
    if action.stage is Stage.WAIVED:
        return action.waiver.until if action.waiver else None
    if action.stage is not Stage.VERIFIED or action.verified_at is None:
        return None
    seen = action.present_effects
    left = [d for d in action.look_after if d not in seen or seen[d].worked is None]
    return min((_after(action.verified_at, days) for days in left), default=None)


def categories_of(actions: list[CorrectiveAction]) -> set[str]:
    """Those in which something is done, or to be done: what was waived is not."""
    return {each.category.value for each in actions if each.stage is not Stage.WAIVED}


def _after(begin: datetime, days: float) -> datetime:
    return begin + timedelta(days=days)
