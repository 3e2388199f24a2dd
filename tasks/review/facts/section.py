"""What one part of a draft found."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import JsonValue

LONGEST = 300
"""Characters of one line; its entry in the audit log has all of it."""


class Found(NamedTuple):
    """Sections by name, and what was looked for and not found, in words."""

    sections: dict[str, JsonValue]
    not_seen: tuple[str, ...] = ()


def short(text: str) -> str:
    """The beginning of a text, where it is long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
