"""One target's recovery from one incident: frozen, freed, watched, over."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.model import Model, UtcDatetime
from schemas.recovery.settings import RecoverySettings


class Watched(StrEnum):
    """How a watch came to its end."""

    WELL = "well"
    BROKEN = "broken"
    UNSEEN = "unseen"


class Recovery(Model):
    """failing: the commit that ran when it failed; none: it was not known.

    corrective_action: the first one, as a person recorded it. authority: by what reference it was
    informed. freed_at: when traffic was given back, or deployments allowed. looks: how often its
    health was looked at since; unclear: how many of them showed nothing. looked_at, drift_at: the
    newest.
    """

    incident_id: UUID
    target: str
    failing: str | None = None
    began_at: UtcDatetime
    corrective_action: str = ""
    authority: str = ""
    freed_at: UtcDatetime | None = None
    watch_until: UtcDatetime | None = None
    looks: int = 0
    unclear: int = 0
    looked_at: UtcDatetime | None = None
    drift_at: UtcDatetime | None = None
    ended_at: UtcDatetime | None = None
    outcome: Watched | None = None

    @property
    def is_held(self) -> bool:
        """True until traffic is given back."""
        return self.freed_at is None and self.ended_at is None

    def is_watched(self, now: datetime) -> bool:
        """True while it is looked at more closely than others."""
        if self.watch_until is None or self.ended_at is not None:
            return False
        return now < self.watch_until

    def is_over(self, now: datetime) -> bool:
        """True when its watch has ended, and nobody has said so yet."""
        return self.watch_until is not None and self.ended_at is None and now >= self.watch_until


def lacks(recovery: Recovery, settings: RecoverySettings, fix: str | None) -> list[str]:
    """What is missing before people may sign off, each with what to do. fix: a proven release."""
    missing = []
    if fix is None:
        failed = (recovery.failing or "an unknown commit")[:12]
        missing.append(
            f"no release newer than the failing one ({failed}) has passed every required gate:"
            " let the fix go through them, so that its provenance says so"
        )
    if settings.corrective_action and not recovery.corrective_action:
        missing.append("no first corrective action is on record: `aeef recovery action ID TEXT`")
    return missing
