"""For `aeef doctor`: who of the senders is refused, and which hooks there are."""

from __future__ import annotations

from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.senders.said import refused_lately


def senders_in_words(settings: Settings) -> tuple[str, str]:
    """Whose messages were refused lately, with the remedy, or nothing; and what else there is."""
    store = open_store(settings)
    refused = refused_lately(store)
    remedy = "`aeef hooks refused` shows them, `aeef hooks replay` takes them once it is mended"
    heard = store.heard.ever()
    never = [name for name in settings.hooks if f"hooks/{name}" not in heard]
    hooks = ", ".join(settings.hooks) or "none"
    beside = f"; never heard: {', '.join(never)}" if never else ""
    return (
        "; ".join([*refused, remedy]) if refused else "",
        f"nothing was refused in the last day; hooks: {hooks}{beside}",
    )
