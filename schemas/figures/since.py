"""Times as people type them: a day, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from schemas.errors import InvalidInput

_SPAN = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def moment_of(since: str, now: datetime, name: str = "since") -> datetime:
    """The moment of `24h` or `2026-11-27`. name: of the field. Raises InvalidInput."""
    if span := _SPAN.fullmatch(since):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise InvalidInput(f"{name}: a day such as 2026-11-27, or a span: 24h, 7d, 2w") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
