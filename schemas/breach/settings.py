"""The tables `[breach]` and `[targets.NAME.breach]`: the response to a data breach."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from schemas.breach.conditions import Name
from schemas.breach.regulation import Regime, chosen_regimes
from schemas.errors import ConfigurationError

CommandName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Command = Annotated[tuple[str, ...], Field(min_length=1)]
SlackUser = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")]


class Organisation(BaseModel):
    """`[breach.organisation]`: what every notification says about us.

    authorities: the authority to notify, by regime.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str | None = None
    dpo_name: str | None = None
    dpo_contact: str | None = None
    contact: str | None = None
    authorities: dict[str, str] = Field(default_factory=dict)


class BreachPage(BaseModel):
    """`[breach.page]`: PagerDuty routing keys of the teams paged at every severity."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    security: SecretStr | None = None
    privacy: SecretStr | None = None


class BreachSettings(BaseModel):
    """`[breach]`.

    regimes: which apply; `regime`: own ones, or known ones changed as a whole.
    remind_before: how long before a deadline people are reminded of it.
    watch_every: seconds between checks for missing timers; 0: never.
    holidays: non-business days besides the US federal holidays.
    page: routing keys of the security and the privacy team.
    members: ids of the Slack users to invite to the restricted channel.
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
    page: BreachPage = BreachPage()
    members: tuple[SlackUser, ...] = ()

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
        """These regimes; the organisation's own take precedence. Raises ValueError if unknown."""
        try:
            return chosen_regimes(regimes, self.regime)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None


class TargetBreach(BaseModel):
    """`[targets.NAME.breach]`.

    regimes: those that apply to this target, instead of `[breach] regimes`.
    data: the kinds of personal data that it holds, for the drafts: "names", "health data".
    freeze_command, unfreeze_command: stop a pipeline's deployments, or allow them again.
    revoke: named commands, each of which revokes or rotates a credential.
    command_timeout: seconds for each of these commands. All must be safe to repeat.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    regimes: tuple[str, ...] | None = None
    data: tuple[str, ...] = ()
    freeze_command: tuple[str, ...] = ()
    unfreeze_command: tuple[str, ...] = ()
    revoke: dict[CommandName, Command] = Field(default_factory=dict)
    command_timeout: float = Field(default=60.0, gt=0)

    @model_validator(mode="after")
    def _undone_as_well(self) -> Self:
        if bool(self.freeze_command) != bool(self.unfreeze_command):
            raise ValueError("give both 'freeze_command' and 'unfreeze_command', or neither")
        return self
