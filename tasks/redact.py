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


def _secrets(part: BaseModel) -> Iterator[str]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, SecretStr):
            secret = value.get_secret_value()
            yield secret
            if "://" in secret and (password := urlsplit(secret).password):
                yield password
        elif isinstance(value, BaseModel):
            yield from _secrets(value)
        elif isinstance(value, Mapping):  # the targets
            for each in value.values():
                if isinstance(each, BaseModel):
                    yield from _secrets(each)
