"""`[webhooks.NAME]`: where the events of an incident's life are sent, signed."""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator

from schemas.incident import events
from schemas.settings.sections import Section

WebhookName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
PREFIX = "whsec_"
"""Of a secret, as the Standard Webhooks specification has it."""
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, by the same."""
OF_AN_EVENT = "aeef.incident."


class LifecycleEvent(StrEnum):
    """What is sent: each step of an incident's life."""

    DETECTED = events.DETECTED
    PAGED = events.PAGED
    ACKNOWLEDGED = events.ACKNOWLEDGED
    ESCALATED = events.ESCALATED
    MITIGATED = events.MITIGATED
    RELAPSED = events.RELAPSED
    RESOLVED = events.RESOLVED
    CLOSED = events.CLOSED


class Webhook(Section):
    """One receiver. url: may hold a password of the receiver's, so it is secret too.

    secret: signs each message; several, separated by commas, during a rotation.
    events: which are sent, `resolved` or `aeef.incident.resolved`; default: all.
    """

    url: SecretStr
    secret: SecretStr
    events: tuple[LifecycleEvent, ...] = Field(default=tuple(LifecycleEvent), min_length=1)

    @field_validator("events", mode="before")
    @classmethod
    def _short_names(cls, names: object) -> object:
        if not isinstance(names, list | tuple):
            return names
        return [
            f"{OF_AN_EVENT}{each.removeprefix(OF_AN_EVENT)}" if isinstance(each, str) else each
            for each in names
        ]

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address that begins with https:// (or http://)")
        return url

    @field_validator("secret")
    @classmethod
    def _usable(cls, secret: SecretStr) -> SecretStr:
        keys = _keys(secret)
        if not keys or not all(SHORTEST <= len(key) <= LONGEST for key in keys):
            raise ValueError(
                f"must be {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64:"
                f' make one with echo "{PREFIX}$(openssl rand -base64 32)"'
            )
        return secret

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that sign, the newest last."""
        return _keys(self.secret)

    @property
    def place(self) -> str:
        """Where it goes, without what may be secret: scheme and host."""
        parts = urlsplit(self.url.get_secret_value())
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def _keys(secret: SecretStr) -> tuple[bytes, ...]:
    given = (each.strip() for each in secret.get_secret_value().split(","))
    return tuple(_key(each) for each in given if each)


def _key(text: str) -> bytes:
    if not text.startswith(PREFIX):
        return b""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""
