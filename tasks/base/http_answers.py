"""Reads services' error reasons and `Retry-After` headers."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from schemas.settings import Settings
from tasks.base.redact import HIDDEN, SHORTEST, redact, secrets_of, texts_in, userinfo_of

LONGEST_RETRY_AFTER = 3600.0
"""Seconds."""
_REASON_FIELDS = ("message", "error", "errors", "errorMessages", "detail", "needed")
"""PagerDuty: message, errors. Slack: error, needed. Jira: errorMessages, errors."""


def retry_after_seconds(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header: a number or an HTTP date; None when it is neither.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", value):
        seconds = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (zoned - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def reason_in(text: str) -> str:
    """The service's own short reason: the usual fields of an error, else the text itself."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return " ".join(text.split())
    if isinstance(data, dict):
        words = [_flat(data[name]) for name in _REASON_FIELDS if data.get(name)]
        return "; ".join(words) or " ".join(text.split())
    return _flat(data)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {detail}" for key, detail in value.items())
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def without_secrets(text: str, settings: Settings) -> str:
    """The text with each secret redacted, also as encoded in our requests, in JSON or in a URL."""
    for form in sorted(set(_forms(settings)), key=len, reverse=True):
        if len(form) >= SHORTEST:
            text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
    return redact(text, settings)


def _forms(settings: Settings) -> Iterator[str]:
    for secret in secrets_of(settings):
        yield secret
        yield json.dumps(secret)[1:-1]
        yield quote(secret, safe="")
        yield from _in_base64(secret.encode("utf-8", "replace"))
    for text in texts_in(settings):
        if isinstance(text, str):
            yield userinfo_of(text)


def _in_base64(secret: bytes) -> Iterator[str]:
    """The secret in base64: alone, and inside a longer text such as `user:secret` in `Basic`.

    Three bytes make four characters: a prefix shifts the secret by zero, one or two bytes. Only
    the characters made of the secret alone are the same whatever surrounds it.
    """
    yield base64.b64encode(secret).decode()
    for before in range(3):
        coded = base64.b64encode(bytes(before) + secret).decode()
        yield coded[-(-before * 4 // 3) : (before + len(secret)) * 4 // 3]
