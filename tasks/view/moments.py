"""Moments and spans as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta


def clock(span: timedelta) -> str:
    """What is left, as a clock shows it: `11:02`, `1:04:05`, `2 d 3 h`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds >= 86_400:
        return f"{seconds // 86_400} d {seconds // 3600 % 24} h"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def at(moment: datetime, now: datetime) -> str:
    """`10:37:39 UTC`; with its day when that is not today's."""
    day = "" if moment.date() == now.date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment:%H:%M:%S} UTC"
