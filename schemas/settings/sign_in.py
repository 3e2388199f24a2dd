"""The sections of who may come in: `[senders.NAME]`, `[sign_in]` and `[oidc]`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, field_validator

from schemas.people import Role
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


LOOPBACK = ("127.0.0.1", "localhost", "::1")


class OidcSettings(Section):
    """Sign-in by OpenID Connect.

    groups: which roles members of a group have who are nobody in `[people]`.
    groups_claim: where the provider names the groups. scopes: what it is asked for.
    trust_email: also an e-mail of which the provider does not say that it is verified.
    """

    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    groups: dict[str, tuple[Role, ...]] = Field(default_factory=dict)
    groups_claim: str = "groups"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    trust_email: bool = False

    @field_validator("issuer")
    @classmethod
    def _can_be_trusted(cls, issuer: str) -> str:
        if not _is_https(issuer):
            raise ValueError("must begin with https:// (http:// only on this machine)")
        return issuer.rstrip("/")

    def may_be_asked(self, address: str) -> bool:
        """True for an address that the provider may name as one of its own."""
        return _is_https(address)


def _is_https(address: str) -> bool:
    url = urlsplit(address)
    is_here = url.scheme == "http" and url.hostname in LOOPBACK
    return bool(url.hostname) and (url.scheme == "https" or is_here)
