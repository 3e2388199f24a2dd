"""What people must know of the automation's mode, wherever they look; empty while it is on."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.automation import Mode, Word
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.store import open_store

UNKNOWN = "it cannot be looked up whether automation is on; nothing is changed by itself meanwhile"


def said_of(incident: Incident, settings: Settings) -> str:
    """Of the targets of one incident, or in general when its services belong to none. Never
    raises: a page must not wait for this.
    """
    # A target that was configured after the intake has started is known to it by its name.
    names = [
        target.name if (target := settings.target_of(service)) else service
        for service in incident.affected_services
    ]
    try:
        automation = open_store(settings).automation()
    except AeefError:
        return UNKNOWN
    words = [automation.of(name) for name in names] or [automation.of()]
    return _joined(word for word in words if word.mode is not Mode.ON)


def said_of_all(settings: Settings) -> list[str]:
    """In general, and of each configured target that differs, one sentence each. Never raises."""
    try:
        automation = open_store(settings).automation()
    except AeefError:
        return [UNKNOWN]
    return list(map(str, automation.not_on(settings.targets)))


def _joined(words: Iterable[Word]) -> str:
    return "; ".join(dict.fromkeys(map(str, words)))
