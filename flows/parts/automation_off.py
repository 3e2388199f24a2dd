"""What a run does while a person has switched the automation off: it notifies people."""

from __future__ import annotations

from collections.abc import Callable

from flows.parts.response import Response
from schemas.automation import Mode, Word
from schemas.errors import AeefError, Withheld
from tasks.step import log_line
from tasks.store import open_store


def off_for(response: Response) -> Word | None:
    """The word by which the automation is off for all that the incident is about; else None.

    None too when it cannot be looked up: every act asks again, and is not done then.
    """
    try:
        automation = open_store(response.settings).automation()
    except AeefError as error:
        log_line(f"it is not known yet whether automation is on: {error}")
        return None
    targets = [target.name for target in response.targets]
    words = [automation.of(name) for name in targets] or [automation.of()]
    return words[0] if all(word.mode is Mode.OFF for word in words) else None


def only_notify(response: Response, notifies: Callable[[Response], None], off: Word) -> None:
    """Notify people; put on record that nothing else is done, and by whose word."""
    notifies(response)
    begun = open_store(response.settings).begun_for(response.incident)
    if begun:  # this run died in the middle of it, and goes on under another word
        text = f"{off}; {' and '.join(begun)} had begun, and may be half done: look, and finish it"
    else:
        text = f"{off}; nothing was changed, and no evidence was kept"
    response.note(text)
    raise Withheld(text, needs_person=bool(begun))
