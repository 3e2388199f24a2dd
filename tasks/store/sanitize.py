"""Sanitizes texts for use outside the record: Prefect's logs and states, pages, messages.

The store masks everything that goes into the record; logs have no such filter.
"""

from __future__ import annotations

from schemas.settings import Settings
from tasks.base.redact import redact
from tasks.store import open_store


def sanitized(text: str, settings: Settings) -> str:
    """The text without configured secrets and personal identifiers."""
    return open_store(settings).masked_text(redact(text, settings))


def mask_error(error: Exception, settings: Settings) -> None:
    """Mask personal identifiers in an error's text, because Prefect logs what a step raises.

    The error object and its attributes stay the same.
    """
    store = open_store(settings)
    error.args = tuple(
        store.masked_text(each) if isinstance(each, str) else each for each in error.args
    )
