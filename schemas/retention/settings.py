"""The table `[retention]`: how long what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.incident import Severity
from schemas.retention.periods import AEEF_REVIEWS_YEARS, AEEF_YEARS

Years = Annotated[int, Field(ge=1, le=100)]


class BackupSettings(BaseModel):
    """The table `[backup]`: the restore drill, every so many seconds (0: only by hand)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    drill_every: float = Field(default=604_800.0, ge=0)


class RetentionSettings(BaseModel):
    """What is due goes `every` so many seconds (0: only by `aeef retention dispose`).

    years: after the end of an incident, by its severity; those that are not named stay as AEEF has
    them. reviews_years: after a review by the calendar was drawn up, or somebody last attended;
    one that names an incident which is kept stays. sent_days: after which events that were
    delivered go, and the claims that only keep things from being done twice, of incidents that are
    over. prefect_every, prefect_days: how often, and after how many days, ended runs go from
    Prefect, with their logs and states; prefect_most: at most so many each time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    every: float = Field(default=86_400.0, ge=0)
    years: dict[Severity, Years] = Field(default_factory=lambda: dict(AEEF_YEARS))
    reviews_years: Years = AEEF_REVIEWS_YEARS
    sent_days: int = Field(default=90, ge=1)
    prefect_every: float = Field(default=86_400.0, ge=0)
    prefect_days: int = Field(default=30, ge=1)
    prefect_most: int = Field(default=2_000, ge=1)

    @field_validator("years", mode="before")
    @classmethod
    def _others_stay(cls, given: object) -> object:
        return {**AEEF_YEARS, **given} if isinstance(given, Mapping) else given
