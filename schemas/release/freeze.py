"""A freeze: nothing is deployed on a target until a named person releases it."""

from __future__ import annotations

from pydantic import Field

from schemas.model import Model, UtcDatetime


class FrozenBy(Model):
    """One incident that needs the freeze. by: who asked for it."""

    incident_id: str
    by: str
    at: UtcDatetime
    reason: str = ""


class Freeze(Model):
    """The freeze of one target, which lasts as long as any incident needs it.

    commanded: the target's own freeze command was started, so it must be undone.
    """

    target: str
    incidents: list[FrozenBy] = Field(min_length=1)
    commanded: bool = False

    def __str__(self) -> str:
        return "; ".join(
            f"incident {each.incident_id} since {each.at:%Y-%m-%d %H:%M:%S} UTC by {each.by}"
            + (f" ({each.reason})" if each.reason else "")
            for each in self.incidents
        )
