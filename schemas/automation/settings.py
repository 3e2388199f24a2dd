"""The table `[automation]`: how often the automation may act by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.automation.act import Act
from schemas.automation.limit import Limit

DEFAULTS: dict[Act, Limit] = {
    Act.ROLLBACK: Limit(per_hour=3, per_day=6),
    Act.ISOLATION: Limit(per_hour=3, per_day=6),
    Act.SUSPENSION: Limit(per_hour=5, per_day=20),
    Act.FREEZE: Limit(per_hour=5, per_day=20),
    Act.REVOCATION: Limit(per_hour=2, per_day=4),
    Act.HOTFIX: Limit(per_hour=3, per_day=6),
}
"""A loop is slower than a person after these; a bad day with several true outages is not over."""


class ActLimits(BaseModel):
    """`[automation.limits.ACT]`: `per_hour` and `per_day`, counted for each target."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    rollback: Limit = DEFAULTS[Act.ROLLBACK]
    isolation: Limit = DEFAULTS[Act.ISOLATION]
    suspension: Limit = DEFAULTS[Act.SUSPENSION]
    freeze: Limit = DEFAULTS[Act.FREEZE]
    revocation: Limit = DEFAULTS[Act.REVOCATION]
    hotfix: Limit = DEFAULTS[Act.HOTFIX]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: Any) -> Any:
        """A table that sets one of the two numbers keeps the act's default for the other."""
        if not isinstance(data, Mapping):
            return data
        known = {str(act): limit.model_dump() for act, limit in DEFAULTS.items()}
        return {
            name: {**known.get(name, {}), **table} if isinstance(table, Mapping) else table
            for name, table in data.items()
        }

    def of(self, act: Act) -> Limit:
        """The limit of an act."""
        limit: Limit = getattr(self, act.value)
        return limit


class AutomationSettings(BaseModel):
    """The section `[automation]`; the mode is not here, but in the store (`aeef automation`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    limits: ActLimits = ActLimits()
