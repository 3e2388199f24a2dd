"""Takes the configured secrets out of a text before anyone can read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from schemas.settings import Settings

HIDDEN = "[hidden]"
SHORTEST = 4
"""Shorter values are no secrets, and hiding them would make texts unreadable."""


def redact(text: str, settings: Settings) -> str:
    """The text with every configured secret (also a database URL's password) replaced."""
    for secret in _found_in(settings):
        text = text.replace(secret, HIDDEN)
    return text


def _found_in(settings: Settings) -> tuple[str, ...]:
    """The longest first. Settings do not change: they are searched once, and a text often."""
    for searched, found in _searched:
        if searched is settings:
            return found
    secrets = {secret for secret in _secrets(settings) if len(secret) >= SHORTEST}
    found = tuple(sorted(secrets, key=len, reverse=True))
    _searched[:] = [(settings, found)]
    return found


_searched: list[tuple[Settings, tuple[str, ...]]] = []
"""The settings that were searched last, and what was found."""


def _secrets(part: object) -> Iterator[str]:
    if isinstance(part, SecretStr):
        secret = part.get_secret_value()
        yield secret
        if "," in secret:  # several, while they are rotated
            yield from (part.strip() for part in secret.split(","))
        if "://" in secret and (password := urlsplit(secret).password):
            yield password
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _secrets(getattr(part, name))
    elif isinstance(part, Mapping):
        for each in part.values():
            yield from _secrets(each)
    elif isinstance(part, tuple | list):
        for each in part:
            yield from _secrets(each)
