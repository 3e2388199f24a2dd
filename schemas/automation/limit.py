"""How often the automation may do one thing to one target: a brake on loops of outages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas.automation.act import ACTS, Act

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Limit(BaseModel):
    """So many automatic acts of one kind on one target; 0: never by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    per_hour: int = Field(ge=0)
    per_day: int = Field(ge=0)

    def table(self, act: Act, _target: str) -> str:
        """The table that sets it, for whoever wants to change it."""
        return f"automation.limits.{act}"


class TargetLimit(Limit):
    """`[targets.NAME.limits]`: a target's own limit."""

    def table(self, act: Act, target: str) -> str:
        """The target's."""
        return f"targets.{target}.limits.{act}"


class Begun(NamedTuple):
    """An act that was begun: when, by whom, and whether by the automation."""

    at: datetime
    actor: str
    automated: bool


def refusal(
    act: Act, target: str, begun: Sequence[Begun], limit: Limit, now: datetime
) -> str | None:
    """Why no more is done by itself, in words; None when one more may be.

    begun: every act of this kind on this target in the last day, a person's too: what a person
    had to do again and again, the automation does not mend either.
    """
    for span, name, most in ((HOUR, "hour", limit.per_hour), (DAY, "day", limit.per_day)):
        counted = [each for each in begun if each.at > now - span]
        if len(counted) < most:
            continue
        setting = f"[{limit.table(act, target)}] per_{name} = {most}"
        if not most:
            return f"none is done by itself ({setting})"
        words, count = ACTS[act], len(counted)
        what = (words.one if count == 1 else words.many).format(target)
        are = "is" if count == 1 else "are"
        over = "the limit" if count == most else "over the limit"
        people = sorted({each.actor for each in counted if not each.automated})
        by = f"; of these by hand by {', '.join(people)}" if people else ""
        last = max(each.at for each in counted)
        return (
            f"{count} {what} in the last {name} {are} {over} ({setting}; the last at"
            f" {last:%Y-%m-%d %H:%M:%S} UTC{by})"
        )
    return None
