"""`[masking]`: the personal identifiers to keep out of the record."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from schemas.masking.personal_data import DEFAULT_KINDS, KINDS

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class MaskPattern(BaseModel):
    """A custom identifier. check: its check-digit algorithm, if it has one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    regex: str
    check: Literal["luhn", "mod97"] | None = None

    @field_validator("regex")
    @classmethod
    def _finds_something(cls, regex: str) -> str:
        try:
            found = re.compile(regex)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error.msg}") from None
        if found.match(""):
            raise ValueError("must not match an empty text")
        return regex


DEFAULT_ALLOW = ("git@github.com", "git@gitlab.com", "git@bitbucket.org")
"""Addresses of repositories, not people."""


class MaskingSettings(BaseModel):
    """Masking of identifiers in the texts of alerts and people.

    kinds: built-in kinds to mask. patterns: custom ones by name; a plain string is its regex.
    allow: identifiers not to mask, such as the on-call's address; `@example.com` is a domain.
    key: set it to get the same masks on several machines; by default generated in AEEF_HOME.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    enabled: bool = True
    kinds: tuple[str, ...] = DEFAULT_KINDS
    patterns: dict[str, MaskPattern] = Field(default_factory=dict)
    allow: tuple[str, ...] = ()
    key: SecretStr | None = Field(default=None, min_length=16)

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(kinds) - set(KINDS)):
            raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(KINDS)}")
        return kinds

    @field_validator("patterns", mode="before")
    @classmethod
    def _plain_expressions(cls, patterns: object) -> object:
        if not isinstance(patterns, dict):
            return patterns
        return {
            name: {"regex": each} if isinstance(each, str) else each
            for name, each in patterns.items()
        }

    @field_validator("patterns")
    @classmethod
    def _named(cls, patterns: dict[str, MaskPattern]) -> dict[str, MaskPattern]:
        for name in patterns:
            if not _NAME.fullmatch(name) or name in KINDS:
                raise ValueError(
                    "a name has lower-case letters, digits and hyphens, and is not a known kind's"
                )
        return patterns
