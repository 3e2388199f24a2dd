"""Whose messages were refused lately, in words: for the list of incidents and `aeef doctor`."""

from __future__ import annotations

from datetime import timedelta

from tasks.store.store import Store

LATELY = timedelta(days=1)


def refused_lately(store: Store) -> list[str]:
    """Each sender with the reason, and how many are kept of the last day; nobody: empty."""
    return [
        f"Messages of {sender} were refused in the last day: {reason} ({count})"
        for sender, reason, count in store.refused.by_kind(LATELY)
    ]
