"""Whether an incident may have been disposed of, by what the audit log still shows of it.

The script in a bundle of evidence has this file, too: Python 3.9 and its standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

A_YEAR = timedelta(days=364)
"""The least that the settings allow (`RetentionSettings.years`), less a day, as clocks differ."""
_A_DAY = timedelta(days=1)


def why_not_allowed(said: Mapping[str, Any], opened: str, at: str, now: str) -> str:
    """Why it was not; empty: it may have been. Times as text, as entries have them.

    said: what the entry of `at` lists of the incident. opened: the latest time before which it
    cannot have been opened, of its first entry or of an entry before that.
    """
    try:
        names = [opened, at, now, said["endedAt"], said["dueAt"]]
        first, gone, today, ended, due = (datetime.fromisoformat(x).astimezone() for x in names)
    except (KeyError, TypeError, ValueError, OverflowError):
        return "it does not say when that had ended and was due"
    if gone - _A_DAY > today:
        return "it is of a time to come"
    if gone - first < A_YEAR:
        return f"that began on {opened[:10]} or later, less than a year before"
    if due - ended < A_YEAR or gone < due:
        return f"by what it says itself that was not due: it ended {ended:%Y-%m-%d}"
    return ""
