"""The sections of who may come in: `[senders.NAME]` and `[sign_in]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from schemas.settings.sections import Section

INTAKE_SENDER = "intake"
"""The sender whose token is `intake.token`; it is always there."""
SenderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class SenderSettings(Section):
    """A table `[senders.NAME]`: one that may send alerts. token: generated when absent."""

    token: SecretStr | None = Field(default=None, min_length=16)


def _without_the_intake(senders: dict[str, SenderSettings]) -> dict[str, SenderSettings]:
    if INTAKE_SENDER in senders:
        raise ValueError(f"the token of '{INTAKE_SENDER}' is set as intake.token")
    return senders


Senders = Annotated[dict[SenderName, SenderSettings], AfterValidator(_without_the_intake)]


class SignInSettings(Section):
    """How people's sessions are kept. hours: how long one lasts.

    key: what cookies are signed with; by default generated in AEEF_HOME. Several machines behind
    one address need the same.
    """

    hours: float = Field(default=12.0, gt=0, le=24 * 31)
    key: SecretStr | None = Field(default=None, min_length=32)
