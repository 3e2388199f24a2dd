"""Masks personal identifiers in texts: `[email kfbrtwzq]` shows only the kind.

The same identifier always gets the same letters, so a repeated alert is still one incident, and
the on-call sees that two messages are about one person. The letters are derived with a secret
key: without it nobody can find the identifier by trying.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any

from schemas.incident import Alert
from schemas.masking.personal_data import (
    CHECKS,
    KINDS,
    NAMED,
    NO_IDENTIFIER,
    SOME_DIGITS,
    UNDIVIDED,
    Kind,
    digits_of,
)
from schemas.masking.settings import DEFAULT_ALLOW, MaskingSettings

LETTERS = "bcdfghjkmnpqrstvwxyz"
"""No vowels, so no words; no digits, so that a mask does not look like an identifier."""
LENGTH = 8
MASK = re.compile(rf"\[[a-z][a-z0-9-]{{0,30}} [{LETTERS}]{{{LENGTH}}}\]")

_SERVICE_LIMIT, _TEXT_LIMIT, _KEY_LIMIT = 200, 20_000, 1_000
"""Maximum lengths in `Alert`: a mask may be longer than what it replaces."""


class Masker:
    """Masks by the settings. Pure and idempotent."""

    def __init__(self, settings: MaskingSettings, key: bytes) -> None:
        kinds = [KINDS[name] for name in KINDS if name in settings.kinds]
        self._kinds = kinds if settings.enabled else []
        self._own = [
            Kind(name, re.compile(own.regex), CHECKS[own.check])
            if own.check
            else Kind(name, re.compile(own.regex))
            for name, own in settings.patterns.items()
            if settings.enabled
        ]
        self._allow = {each.casefold() for each in (*settings.allow, *DEFAULT_ALLOW)}
        self._named = [row for row in NAMED if settings.enabled and row[0] in settings.kinds]
        self._key = key

    def text(self, text: str) -> str:
        """The text with every identifier masked and everything else unchanged."""
        # A masked identifier may have hidden the start of another: repeat until none is found.
        while (masked := self._once(text)) != text:
            text = masked
        return text

    def json(self, data: Any) -> Any:
        """JSON data with every text in it masked, including names."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {self.text(name): self._named_value(name, each) for name, each in data.items()}
        if isinstance(data, list):
            return [self.json(each) for each in data]
        if isinstance(data, int) and not isinstance(data, bool):
            masked = self.text(str(data))  # a card number as a JSON number
            return data if masked == str(data) else masked
        return data

    def alert(self, alert: Alert) -> Alert:
        """The alert without identifiers; the same object when it had none."""
        given: dict[str, Any] = {
            "source": alert.source,
            "service": alert.service,
            "description": alert.description,
            "dedup_key": alert.dedup_key,
            "labels": alert.labels,
            "details": alert.details,
        }
        masked = self.json(given)
        if masked == given:
            return alert
        return alert.model_copy(
            update={
                **masked,
                "source": masked["source"][:_SERVICE_LIMIT],
                "service": masked["service"] and masked["service"][:_SERVICE_LIMIT],
                "description": masked["description"][:_TEXT_LIMIT],
                "dedup_key": masked["dedup_key"] and _short(masked["dedup_key"]),
            }
        )

    def _once(self, text: str) -> str:
        has_digits = SOME_DIGITS.search(text) is not None
        for kind in self._kinds:
            if kind.name == "email":
                if "@" in text or "%40" in text:
                    text = self._without(kind, text)
            elif (has_digits or kind.hint) and (kind.hint is None or kind.hint in text):
                text = self._without(kind, text)
        for kind in self._own:
            # Only between the masks: a pattern may match the letters of a mask.
            parts = MASK.split(text)
            masks = [*MASK.findall(text), ""]
            text = "".join(
                self._without(kind, part) + mask for part, mask in zip(parts, masks, strict=True)
            )
        return text

    def _without(self, kind: Kind, text: str) -> str:
        parts: list[str] = []
        done = position = 0
        protected: _Protected | None = None
        while found := kind.pattern.search(text, position):
            group = _identifier(found)
            if not kind.check(found[group]) or self._allowed(found[group]):
                # A rejected candidate may contain the start of a real identifier.
                position = found.end() if kind.name == "email" else found.start() + 1
                continue
            protected = protected or _Protected(text, kind)
            if span := protected.part_at(*found.span(group)):
                position = max(span[1], found.start() + 1)
                shorter = kind.pattern.match(text, found.start(), max(span[0], found.start()))
                if shorter is None or not kind.check(shorter[group := _identifier(shorter)]):
                    continue
                found = shorter  # a number, and then a date
            parts += (text[done : found.start(group)], self._mask(kind, found[group]))
            done = position = found.end(group)
        return "".join((*parts, text[done:])) if parts else text

    def _allowed(self, identifier: str) -> bool:
        plain = identifier.casefold()
        return plain in self._allow or "@" + plain.rpartition("@")[2] in self._allow

    def _mask(self, kind: Kind, identifier: str) -> str:
        same = f"{kind.name}:{kind.same(identifier)}".encode("utf-8", "replace")
        number = int.from_bytes(hmac.digest(self._key, same, hashlib.sha256)[:8])
        letters = ""
        for _ in range(LENGTH):
            number, rest = divmod(number, len(LETTERS))
            letters += LETTERS[rest]
        return f"[{kind.name} {letters}]"

    def _named_value(self, name: str, value: Any) -> Any:
        """A number under the name `phone` is a phone number, however it is written."""
        masked = self.json(value)
        if masked is not value and masked != value:
            return masked
        if isinstance(value, str | int) and not isinstance(value, bool):
            written = str(value)
            for kind, names, least, most in self._named:
                if (
                    names.search(name)
                    and least <= len(digits_of(written)) <= most
                    and UNDIVIDED.fullmatch(written)
                    and not self._allowed(written)
                ):
                    return self._mask(KINDS[kind], written)
        return masked


class _Protected:
    """The parts of a text that contain no identifiers; to be queried from left to right."""

    def __init__(self, text: str, kind: Kind) -> None:
        own = kind.name in ("email", "ipv4", "ipv6")
        self._spans: Iterator[tuple[int, int]] = iter(())
        if not own:
            self._spans = (found.span() for found in NO_IDENTIFIER.finditer(text))
        self._span = next(self._spans, None)

    def part_at(self, start: int, end: int) -> tuple[int, int] | None:
        """The part that contains or overlaps this candidate; None when there is none."""
        while self._span and self._span[1] <= start:
            self._span = next(self._spans, None)
        return self._span if self._span and self._span[0] < end else None


def _identifier(found: re.Match[str]) -> str | int:
    """The group of a match that is the identifier."""
    return "it" if found.groupdict().get("it") else 0


def _short(key: str) -> str:
    if len(key) <= _KEY_LIMIT:
        return key
    return "masked:" + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
