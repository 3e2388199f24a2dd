"""For `aeef doctor`: who of the senders is refused, and which hooks there are."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from schemas.settings import Settings
from tasks.store import open_store

LATELY = timedelta(days=1)


class SendersInWords(NamedTuple):
    """refused: whose messages, why and how many, with the remedy; empty: none. said: else."""

    refused: str
    said: str


def senders_in_words(settings: Settings) -> SendersInWords:
    """What the store knows of senders in the last day."""
    store = open_store(settings)
    kinds = store.refused.by_kind(LATELY)
    parts = [f"{sender}: {reason} ({count})" for sender, reason, count in kinds]
    remedy = "; `aeef hooks refused` shows them, `aeef hooks replay` takes them once it is mended"
    hooks = ", ".join(settings.hooks) or "none"
    never = [name for name in settings.hooks if f"hooks/{name}" not in store.heard.ever()]
    beside = f"; never heard: {', '.join(never)}" if never else ""
    return SendersInWords(
        "; ".join(parts) + remedy if parts else "",
        f"nothing was refused in the last day; hooks: {hooks}{beside}",
    )
