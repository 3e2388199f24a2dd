"""Takes the configured secrets out of a text before anyone can read it.

Secrets are found by their type: any `SecretStr` in the settings, and the password in a URL, so
that no list has to be maintained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from pydantic import BaseModel, SecretStr

from schemas.settings import Settings

HIDDEN = "[hidden]"
SHORTEST = 4
"""Shorter values are not secrets, and hiding them would make texts unreadable."""


def redact(text: str, settings: Settings) -> str:
    """The text with every configured secret (also a database URL's password) replaced."""
    for secret in secrets_of(settings):
        text = text.replace(secret, HIDDEN)
    return text


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret, longest first. Cached, because settings do not change."""
    for searched, found in _searched:
        if searched is settings:
            return found
    secrets = {secret for leaf in texts_in(settings) for secret in _secrets(leaf)}
    kept = (secret for secret in secrets if len(secret) >= SHORTEST)
    found = tuple(sorted(kept, key=len, reverse=True))
    _searched[:] = [(settings, found)]
    return found


_searched: list[tuple[Settings, tuple[str, ...]]] = []
"""The last searched settings, and the secrets in them."""


def texts_in(part: object) -> Iterator[str | SecretStr]:
    """Every text and secret in a part of the settings, at any depth."""
    if isinstance(part, str | SecretStr):
        yield part
    elif isinstance(part, BaseModel):
        for _name, value in part:
            yield from texts_in(value)
    elif isinstance(part, Mapping):
        for each in (*part.keys(), *part.values()):
            yield from texts_in(each)
    elif isinstance(part, tuple | list | set | frozenset):
        for each in part:
            yield from texts_in(each)


def userinfo_of(address: str) -> str:
    """`user:password` of a URL, or whatever else precedes its host; empty when there is none."""
    return address.partition("://")[2].partition("/")[0].rpartition("@")[0]


def _secrets(leaf: str | SecretStr) -> Iterator[str]:
    text = leaf.get_secret_value() if isinstance(leaf, SecretStr) else leaf
    if isinstance(leaf, SecretStr):
        yield text
        if "," in text:  # several, during a rotation
            yield from (part.strip() for part in text.split(","))
    if password := userinfo_of(text).partition(":")[2]:
        yield password
        yield unquote(password)
