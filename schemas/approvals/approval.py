"""An approval as it stands on record: what was shown, who asked, who signed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.approvals.settings import ApprovalRule
from schemas.model import Model, UtcDatetime
from schemas.people import Role


class State(StrEnum):
    """Where an approval stands. VOID: what was shown is no longer so, or it was asked anew."""

    WAITING = "waiting"
    GRANTED = "granted"
    REJECTED = "rejected"
    VOID = "void"
    EXPIRED = "expired"


def digest_of(shown: str) -> str:
    """The SHA-256 of exactly what people are shown."""
    return hashlib.sha256(shown.encode()).hexdigest()


class Carried(Model):
    """What goes on by itself once it is granted: a suspended run, or a deployment's new run."""

    run_id: UUID | None = None
    deployment: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)


class Question(Model):
    """What somebody is asked to approve.

    what: a word of `[approvals.WHAT]`. subject: what it is done to: a target, an agent.
    shown: all that people read of it; another text is another question.
    asked_by: the person's name, if one asks; authors: who made what is approved: names, e-mails.
    only: names of those who may approve at all; none: everybody whose role is asked for.
    rule: in place of `[approvals.WHAT]`, where something stricter holds.
    """

    what: str
    subject: str
    shown: str
    asked_by: str = ""
    authors: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    rule: ApprovalRule | None = None
    carried: Carried = Carried()
    expires: timedelta | None = None

    @property
    def digest(self) -> str:
        """Of what is shown."""
        return digest_of(self.shown)


class Signature(Model):
    """One person's word.

    by: who it is, the same whichever way they come. called: for people. names: every name by
    which a list may name them. digest: of what they were shown. proven: by something that only
    they have.
    """

    by: str
    called: str
    names: tuple[str, ...] = ()
    on_record: str
    roles: tuple[Role, ...] = ()
    proven: bool
    approves: bool = True
    breaks_glass: bool = False
    reason: str = ""
    digest: str
    at: UtcDatetime

    @property
    def all_names(self) -> frozenset[str]:
        """Every name of theirs, for comparing."""
        return frozenset(each.casefold() for each in (self.by, self.called, *self.names) if each)


class Approval(Model):
    """One approval.

    rule: as it was when it was asked. needs_proof: only people whom we know count.
    done_at: when what was approved was begun. review_due: it was granted by breaking the glass,
    and somebody else has to look at it afterwards.
    """

    id: UUID
    incident_id: UUID
    question: Question
    rule: ApprovalRule
    needs_proof: bool
    state: State
    asked_at: UtcDatetime
    expires_at: UtcDatetime
    signatures: tuple[Signature, ...] = ()
    ended_at: UtcDatetime | None = None
    done_at: UtcDatetime | None = None
    review_due: bool = False
    reviewed_by: str = ""

    @property
    def title(self) -> str:
        """`restore of shop`."""
        return f"{self.question.what} of {self.question.subject}"

    @property
    def is_granted(self) -> bool:
        """True when what was asked may be done."""
        return self.state is State.GRANTED

    @property
    def approved_by(self) -> str:
        """Who approved it, for the record."""
        mine = [each for each in self.signatures if each.approves]
        glass = [each for each in mine if each.breaks_glass]
        said = ", ".join(each.on_record for each in glass or mine)
        return f"{said}, by breaking the glass" if glass else said

    @property
    def rejected_by(self) -> Signature | None:
        """Who rejected it."""
        return next((each for each in self.signatures if not each.approves), None)

    def is_late(self, now: datetime) -> bool:
        """True when nobody's word counts any longer."""
        return self.state is State.WAITING and now >= self.expires_at
