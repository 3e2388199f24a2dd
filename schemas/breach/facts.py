"""What people record about a breach, and the facts that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.breach.conditions import LATEST_SUBMITTED, NUMBERS, STARTS, SUBMITTED, YES_OR_NO
from schemas.model import Model, UtcDatetime

ASSUMED = ("aware", "discovered")
"""Until a person sets them, they are assumed to be the incident's detection time."""


Person = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"\w")
]


Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class Kind(StrEnum):
    """The kinds of change that a person can record."""

    SET = "set"
    SUBMITTED = "submitted"
    NOT_APPLICABLE = "not-applicable"
    REOPENED = "reopened"


class Change(Model):
    """What one person recorded: kept in order, never changed; a later one wins.

    set: timestamps and facts. submitted: the notification `deadline` was made at `moment`.
    not-applicable: the regime asks for nothing, for a `reason`. reopened: that, or a submission,
    was a mistake.
    """

    kind: Kind
    by: Person
    said_at: UtcDatetime
    timestamps: dict[str, UtcDatetime] = Field(default_factory=dict)
    facts: dict[str, bool | int] = Field(default_factory=dict)
    regime: str | None = None
    deadline: str | None = None
    moment: UtcDatetime | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if unknown := set(self.timestamps) - set(STARTS):
            raise ValueError(f"there is no timestamp '{min(unknown)}'")
        for name, value in self.facts.items():
            number = name in NUMBERS and not isinstance(value, bool) and value >= 0
            if not number and not (name in YES_OR_NO and isinstance(value, bool)):
                raise ValueError(f"'{name}' is no such fact")
        if self.kind is Kind.SET and not (self.timestamps or self.facts):
            raise ValueError("nothing to set")
        if self.kind in (Kind.NOT_APPLICABLE, Kind.REOPENED) and not self.reason:
            raise ValueError("a reason is needed")
        if self.kind is Kind.SUBMITTED and not (self.deadline and self.moment):
            raise ValueError("a submission names its deadline and when it was made")
        return self

    @property
    def sentence(self) -> str:
        """The change as a sentence for the record."""
        where = "/".join(each for each in (self.regime, self.deadline) if each)
        why = f": {self.reason}" if self.reason else ""
        match self.kind:
            case Kind.SET:
                said = [f"{name} {moment:%Y-%m-%d %H:%M:%S} UTC"
                        for name, moment in self.timestamps.items()]  # fmt: skip
                said += [f"{name} {_plain(value)}" for name, value in self.facts.items()]
                return f"regulatory facts set by {self.by}: {', '.join(said)}{why}"
            case Kind.SUBMITTED:
                return (
                    f"notification {where} was submitted at {self.moment:%Y-%m-%d %H:%M:%S} UTC,"
                    f" says {self.by}{why}"
                )
            case Kind.NOT_APPLICABLE:
                return f"{where} does not apply, decided by {self.by}{why}"
            case Kind.REOPENED:
                return f"{where} is open again, decided by {self.by}{why}"


def _plain(value: bool | int) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


class Situation(Model):
    """All recorded changes, taken together.

    submitted: for each `regime/deadline`, its submissions in order.
    excluded: for each regime that does not apply, the decision.
    """

    timestamps: dict[str, UtcDatetime]
    facts: dict[str, bool | int] = Field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    submitted: dict[str, tuple[Change, ...]] = Field(default_factory=dict)
    excluded: dict[str, Change] = Field(default_factory=dict)


def situation_of(detected_at: datetime, changes: Iterable[Change]) -> Situation:
    """Apply the changes in order, starting from the detection time."""
    timestamps = dict.fromkeys(ASSUMED, detected_at)
    facts: dict[str, bool | int] = {}
    assumed = dict.fromkeys(ASSUMED)
    submitted: dict[str, tuple[Change, ...]] = {}
    excluded: dict[str, Change] = {}
    for change in changes:
        timestamps |= change.timestamps
        facts |= change.facts
        for name in change.timestamps:
            assumed.pop(name, None)
        key = f"{change.regime}/{change.deadline}"
        match change.kind:
            case Kind.SUBMITTED:
                submitted[key] = (*submitted.get(key, ()), change)
            case Kind.NOT_APPLICABLE if change.regime:
                excluded[change.regime] = change
            case Kind.REOPENED if change.deadline:
                submitted.pop(key, None)
            case Kind.REOPENED:
                excluded.pop(change.regime or "", None)
    for key, made in submitted.items():
        moments = sorted(each.moment for each in made if each.moment)
        timestamps[f"{SUBMITTED}{key}"] = moments[0]
        timestamps[f"{LATEST_SUBMITTED}{key}"] = moments[-1]
    return Situation(
        timestamps=timestamps,
        facts=facts,
        assumed=tuple(assumed),
        submitted=submitted,
        excluded=excluded,
    )
