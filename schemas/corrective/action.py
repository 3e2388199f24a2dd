"""A corrective action: who does what by when, who verifies it, and whether it worked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field, JsonValue

from schemas.model import Model, UtcDatetime


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

    seen: in one sentence, what was asked and found.
    """

    after_days: int
    at: UtcDatetime
    worked: bool | None
    seen: str


class CorrectiveAction(Model):
    """number: what people call it, `CA-12`; 0 while it is not on record.

    owner, verifier: names of people, different ones. question: what shows that it worked, as data
    of `tasks/corrective` (for instance: the same class does not come back). ticket: in Jira.
    """

    number: int = Field(default=0, ge=0)
    incident_id: UUID
    category: Category
    text: str
    owner: str
    verifier: str
    due_at: UtcDatetime
    stage: Stage = Stage.OPEN
    question: dict[str, JsonValue] = Field(default_factory=dict)
    ticket: str | None = None
    created_at: UtcDatetime
    created_by: str
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


def is_overdue(action: CorrectiveAction, now: datetime) -> bool:
    """True when it should have been verified by now; a waiver that ended counts as open."""
    if action.stage is Stage.WAIVED:
        return action.waiver is not None and action.waiver.until <= now
    return action.stage is not Stage.VERIFIED and action.due_at <= now
