"""Reads what services answer besides the result: their reasons and their wish to be left alone."""

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
from tasks.base.redact import HIDDEN, SHORTEST, redact

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
    """Redacted also in the forms in which our requests carry a secret, and as JSON or in a URL."""
    for form in sorted(set(_forms(settings)), key=len, reverse=True):
        if len(form) >= SHORTEST:
            text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
    return redact(text, settings)


def _forms(settings: Settings) -> Iterator[str]:
    for secret in _sent_secrets(settings):
        yield secret
        yield json.dumps(secret)[1:-1]
        yield quote(secret, safe="")
        yield base64.b64encode(secret.encode("utf-8", "replace")).decode()


def _sent_secrets(settings: Settings) -> Iterator[str]:
    for token in (
        settings.pagerduty.routing_key,
        settings.slack.token,
        settings.jira.token,
        settings.alertmanager.token,
        settings.intake.token,
    ):
        if token is not None:
            yield token.get_secret_value()
    for target in settings.targets.values():
        plane = target.agents.control_plane if target.agents else None
        if plane and plane.token is not None:
            yield plane.token.get_secret_value()
    if settings.jira.token is not None:
        yield f"{settings.jira.email}:{settings.jira.token.get_secret_value()}"
    for part in (settings.pagerduty, settings.slack, settings.jira, settings.alertmanager):
        userinfo = (part.url or "").partition("://")[2].partition("/")[0].rpartition("@")[0]
        yield userinfo
        yield userinfo.partition(":")[2]
