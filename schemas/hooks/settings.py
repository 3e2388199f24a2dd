"""The settings of senders: `[hooks.NAME]`, and what becomes of those refused or silent."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from schemas.hooks.mapping import Mapping, with_kind

SHORTEST_SECRET = 16
HookName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Topic = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$"),
]


class Proof(StrEnum):
    """How a sender proves that it is the one.

    authorization: the secret as bearer token, or as password of basic auth.
    header: the secret in a header of another name. hmac: a signature of the body in a header.
    address: the secret as `?token=` in the address. sns: Amazon's signature and certificate.
    """

    AUTHORIZATION = "authorization"
    HEADER = "header"
    HMAC = "hmac"
    ADDRESS = "address"
    SNS = "sns"


class Encoding(StrEnum):
    """How a signature is written."""

    HEX = "hex"
    BASE64 = "base64"


class Hook(Mapping):
    """One sender at `/v1/hooks/NAME`.

    kind: a ready mapping, which the other fields change.
    secret: several, separated by commas, while one is changed for the next.
    header: of `header` and `hmac`. prefix: what stands before a signature, as `sha256=`.
    digest: the hash of a signature. topics: of Amazon SNS, by their ARN; others are refused.
    expect_every: seconds; a sender that is silent for longer becomes an incident.
    """

    kind: str | None = None
    secret: SecretStr | None = None
    proof: Proof = Proof.AUTHORIZATION
    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")] | None = None
    prefix: Annotated[str, StringConstraints(max_length=40)] = ""
    encoding: Encoding = Encoding.HEX
    digest: Annotated[str, StringConstraints(pattern=r"^sha(256|384|512)$")] = "sha256"
    topics: tuple[Topic, ...] = ()
    expect_every: float | None = Field(default=None, ge=30)

    @model_validator(mode="before")
    @classmethod
    def _of_its_kind(cls, table: Any) -> Any:
        return with_kind(dict(table)) if isinstance(table, AnyMapping) else table

    @model_validator(mode="after")
    def _can_work(self) -> Hook:
        """Say what would make every message fail. Raises ValueError that names the field."""
        if self.identity is None:
            raise ValueError(
                "identity: is missing; name what stays the same from an alert's beginning to its"
                " end, or a ready mapping by `kind`"
            )
        if self.resolved and self.state is None:
            raise ValueError("state: is missing, so that `resolved` has nothing to compare with")
        for word in self.firing:
            if word in self.resolved or word in self.no_news:
                raise ValueError(f"firing: {word!a} is among `resolved` or `no_news`, too")
        if self.proof in (Proof.HEADER, Proof.HMAC) and not self.header:
            raise ValueError(f"header: is missing; the proof {self.proof} stands in one")
        if self.proof is Proof.SNS:
            if not self.topics:
                raise ValueError("topics: is empty; name the ARN of each topic that may send")
        elif not self.secrets:
            raise ValueError(
                "secret: is missing, so every message would be refused; make one"
                " (`openssl rand -hex 32`), or copy the sender's"
            )
        elif any(len(each) < SHORTEST_SECRET for each in self.secrets):
            raise ValueError(f"secret: must have at least {SHORTEST_SECRET} characters")
        return self

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The accepted secrets."""
        if self.secret is None:
            return ()
        parts = (each.strip() for each in self.secret.get_secret_value().split(","))
        return tuple(each.encode() for each in parts if each)


class ReceptionSettings(BaseModel):
    """The table `[reception]`: what becomes of senders that are refused, or fall silent.

    expect_watchdog: seconds; Alertmanager's alert `Watchdog`, which always fires, comes at least
    so often, or an incident is opened; none: it is not expected.
    refusals: this many of one sender within an hour, for one reason, are an incident; 0: never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    expect_watchdog: float | None = Field(default=None, ge=30)
    refusals: int = Field(default=3, ge=0)
