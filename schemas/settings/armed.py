"""The table `[armed]`: how often each lever is tried, and what counts as armed."""

from __future__ import annotations

from pydantic import Field

from schemas.settings.sections import Section


class ArmedSettings(Section):
    """Whether each lever would work now is looked at `every` so many seconds (0: never by itself).

    verify_every: seconds between two verifications of the audit log (0: never by itself).
    full_every: seconds after which such a verification recomputes everything.
    free_megabytes: how much must be free where AEEF_HOME and the targets' repositories are.
    clock_seconds: how far our clock may be off.
    """

    every: float = Field(default=86_400.0, ge=0)
    verify_every: float = Field(default=3_600.0, ge=0)
    full_every: float = Field(default=604_800.0, ge=0)
    free_megabytes: int = Field(default=200, ge=0)
    clock_seconds: float = Field(default=1.0, gt=0)
