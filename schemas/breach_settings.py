"""The tables `[breach]` and `[targets.NAME.breach]`: how a data breach is answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.errors import ConfigurationError
from schemas.regulation import Name, Regime, chosen_regimes


class Organisation(BaseModel):
    """`[breach.organisation]`: what every notification says of us.

    authorities: the authority of each regime, by the regime's name, where it has a name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str | None = None
    dpo_name: str | None = None
    dpo_contact: str | None = None
    contact: str | None = None
    authorities: dict[str, str] = Field(default_factory=dict)


class BreachSettings(BaseModel):
    """`[breach]`.

    regimes: which apply; `regime`: own ones, or known ones changed as a whole.
    remind_before: how long before a deadline people are reminded of it.
    watch_every: seconds between two looks whether a timer is missing; 0: never.
    holidays: days that are no business days, besides the US federal holidays.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    regimes: tuple[str, ...] = ()
    regime: dict[Name, Regime] = Field(default_factory=dict)
    remind_before: tuple[timedelta, ...] = (
        timedelta(hours=24),
        timedelta(hours=4),
        timedelta(hours=1),
    )
    watch_every: float = Field(default=900.0, ge=0)
    holidays: tuple[date, ...] = ()
    organisation: Organisation = Organisation()

    @field_validator("remind_before")
    @classmethod
    def _ahead(cls, before: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        if any(each <= timedelta() for each in before):
            raise ValueError("must be longer than nothing")
        return tuple(sorted(set(before), reverse=True))

    @field_validator("watch_every")
    @classmethod
    def _not_without_pause(cls, every: float) -> float:
        if 0 < every < 10:
            raise ValueError("must be 0 or at least 10 seconds")
        return every

    @model_validator(mode="after")
    def _known(self) -> Self:
        self.chosen(self.regimes)
        return self

    def chosen(self, regimes: Iterable[str]) -> dict[str, Regime]:
        """These regimes, the organisation's own first. Raises ValueError for an unknown one."""
        try:
            return chosen_regimes(regimes, self.regime)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None


class TargetBreach(BaseModel):
    """`[targets.NAME.breach]`.

    regimes: those that apply to this target, instead of `[breach] regimes`.
    data: the kinds of personal data that it holds, for the drafts: "names", "health data".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    regimes: tuple[str, ...] | None = None
    data: tuple[str, ...] = ()
