"""The table `[corrective]`: how long corrective actions take, and when they are looked at."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, field_validator


class CorrectiveSettings(BaseModel):
    """Days may be parts of a day.

    due_days: for an action, unless it says otherwise. again_days: once it is open again.
    remind_days: before it is due, its owner is reminded. longest_waiver_days: of a waiver.
    look_after_days: after it was verified, when it is looked at whether it worked.
    every: seconds between two rounds of `corrective/look` (0: never by itself).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    due_days: float = Field(default=30, gt=0, le=3650)
    again_days: float = Field(default=14, gt=0, le=3650)
    remind_days: float = Field(default=3, ge=0, le=365)
    longest_waiver_days: float = Field(default=180, gt=0, le=3650)
    look_after_days: tuple[float, ...] = Field(default=(30, 90), max_length=10)
    every: float = Field(default=86_400.0, ge=0)

    @field_validator("look_after_days")
    @classmethod
    def _in_order(cls, days: tuple[float, ...]) -> tuple[float, ...]:
        if any(each <= 0 for each in days) or len(set(days)) != len(days):
            raise ValueError("must be different numbers of days above 0")
        return tuple(sorted(days))

    @field_validator("every")
    @classmethod
    def _not_without_pause(cls, every: float) -> float:
        if 0 < every < 10:
            raise ValueError("must be 0 or at least 10 seconds")
        return every

    @property
    def due(self) -> timedelta:
        """For an action that does not say otherwise."""
        return timedelta(days=self.due_days)

    @property
    def again(self) -> timedelta:
        """For one that is open again."""
        return timedelta(days=self.again_days)

    @property
    def remind(self) -> timedelta:
        """Before it is due."""
        return timedelta(days=self.remind_days)
