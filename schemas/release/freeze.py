"""A freeze: nothing is deployed on a target until a named person releases it."""

from __future__ import annotations

from pydantic import Field

from schemas.model import Model, UtcDatetime


class FrozenBy(Model):
    """One incident that needs the freeze. by: who asked for it.

    for_recovery: it holds what others deploy; a rollback, and a hotfix that people approved, go on.
    """

    incident_id: str
    by: str
    at: UtcDatetime
    reason: str = ""
    for_recovery: bool = False


class Freeze(Model):
    """The freeze of one target, which lasts as long as any incident needs it.

    commanded: the target's own freeze command was started, so it must be undone.
    """

    target: str
    incidents: list[FrozenBy] = Field(min_length=1)
    commanded: bool = False

    @property
    def holds_all(self) -> bool:
        """True when an incident needs that nothing at all is deployed, not even by AEEF."""
        return any(not each.for_recovery for each in self.incidents)

    def __str__(self) -> str:
        return "; ".join(
            f"incident {each.incident_id} since {each.at:%Y-%m-%d %H:%M:%S} UTC by {each.by}"
            + (f" ({each.reason})" if each.reason else "")
            for each in self.incidents
        )
