"""A contact: who an escalation reaches, `[contacts.NAME]`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from schemas.escalation.addresses import check_address, rings

ContactName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
SlackId = Annotated[str, StringConstraints(pattern=r"^[UWCG][A-Z0-9]{2,}$")]
ROUTING_KEY_LENGTH = 32
ON_CALL = "on-call"
"""The contact of who is on call: its addresses are used beside the channels' own settings."""


def contact_name(to: str) -> str:
    """The name of the contact that a level calls: `vp-engineering` of `VP Engineering`."""
    return re.sub(r"[^a-z0-9]+", "-", to.lower()).strip("-")[:63]


class Contact(BaseModel):
    """A table `[contacts.NAME]`.

    pagerduty_routing_key: of a service that rings this person. slack: id of a user or channel.
    urls: addresses for Apprise, such as a phone. person: the name by which the record knows them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    pagerduty_routing_key: SecretStr | None = None
    slack: SlackId | None = None
    urls: tuple[SecretStr, ...] = Field(default=())
    person: str | None = None

    @field_validator("pagerduty_routing_key")
    @classmethod
    def _of_the_right_length(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) != ROUTING_KEY_LENGTH:
            raise ValueError(f"must have {ROUTING_KEY_LENGTH} characters (Events API v2)")
        return key

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_a_list(cls, urls: object) -> object:
        return (urls,) if isinstance(urls, str) else urls

    @field_validator("urls")
    @classmethod
    def _not_of_this_machine(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for url in urls:
            check_address(url.get_secret_value())
        return urls

    def addresses(self, *, ringing: bool) -> tuple[str, ...]:
        """Its addresses for Apprise that ring, or those that only tell. Secret."""
        all_of_them = (url.get_secret_value() for url in self.urls)
        return tuple(url for url in all_of_them if rings(url) is ringing)

    @property
    def has_address(self) -> bool:
        """True when it can be reached at all."""
        return bool(self.pagerduty_routing_key or self.slack or self.urls)

    @property
    def can_ring(self) -> bool:
        """True when one of its addresses rings."""
        return bool(self.pagerduty_routing_key or self.addresses(ringing=True))

    @property
    def by(self) -> list[str]:
        """How it is reached, in words and without a secret."""
        ways = ["PagerDuty"] if self.pagerduty_routing_key else []
        if phones := len(self.addresses(ringing=True)):
            ways.append(f"{phones} ringing address{'es' if phones > 1 else ''}")
        if self.slack:
            ways.append(f"Slack {self.slack}")
        if others := len(self.addresses(ringing=False)):
            ways.append(f"{others} address{'es' if others > 1 else ''} that ring nobody")
        return ways
