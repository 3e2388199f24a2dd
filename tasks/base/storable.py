"""Texts that every database can store, and times as texts that hash and sort consistently."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from schemas.incident import Alert

UNSTORABLE = "\ufffd"
"""Replaces NULs, which PostgreSQL rejects, and lone surrogates, which UTF-8 cannot encode."""


def clean_text(text: str) -> str:
    """The text with each NUL and each lone surrogate replaced by U+FFFD; nothing else changes."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", UNSTORABLE)


def clean_json(data: Any) -> Any:
    """JSON data with every text clean; NaN and infinities as texts, as JSON has no such numbers.

    A value of any other type is stored as its text.
    """
    if isinstance(data, str):
        return clean_text(str(data))
    if isinstance(data, float):
        return data if math.isfinite(data) else str(data)
    if data is None or isinstance(data, bool | int):
        return data
    if isinstance(data, dict):
        return {clean_text(str(name)): clean_json(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [clean_json(value) for value in data]
    return clean_text(str(data))


def clean_alert(alert: Alert) -> Alert:
    """The alert with every text clean."""
    return Alert.model_validate(alert_json(alert))


def alert_json(alert: Alert) -> dict[str, Any]:
    """The alert as clean JSON data, including what its public JSON leaves out."""
    return {
        **clean_json(alert.to_json()),
        "namesOneOccurrence": alert.names_one_occurrence,
        "delivery": clean_json(alert.delivery),
    }


def moment_text(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds, so that texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def first_line(text: str, length: int = 200) -> str:
    """The start of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
