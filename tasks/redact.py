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
    for secret in sorted(_secrets(settings), key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text


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
