"""What may be told outside the record: in Prefect's logs and states, in pages and messages.

The record masks by itself whatever is put into it; a log has nobody who does.
"""

from __future__ import annotations

from schemas.settings import Settings
from tasks.base.redact import redact
from tasks.store import open_store


def sanitized(text: str, settings: Settings) -> str:
    """The text with no configured secret in it, and no identifier of a person."""
    return open_store(settings).masked_text(redact(text, settings))


def mask_error(error: Exception, settings: Settings) -> None:
    """Mask the identifiers of people in an error's text: Prefect logs what a step raises.

    It stays the same error, with the same attributes.
    """
    store = open_store(settings)
    error.args = tuple(
        store.masked_text(each) if isinstance(each, str) else each for each in error.args
    )
