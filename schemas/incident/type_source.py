"""Where an incident's type comes from; what cannot be undone needs somebody's word for it."""

from __future__ import annotations

from enum import StrEnum

from schemas.incident.incident_type import IncidentType


class TypeSource(StrEnum):
    """Who says that an incident is of its type.

    sender: the alert's `type`, a label for it, or the run that was started for this type.
    rule: one of the user's `[[rules]]`. person: somebody who confirmed or corrected it.
    guess: only words of the alert (`guesses.py`). none: nothing names a type.
    """

    SENDER = "sender"
    RULE = "rule"
    PERSON = "person"
    GUESS = "guess"
    NONE = "none"

    @property
    def is_word(self) -> bool:
        """True when somebody said so: more than words that happen to stand in an alert."""
        return self not in (TypeSource.GUESS, TypeSource.NONE)

    @property
    def in_words(self) -> str:
        """For people: `the sender says so`."""
        return {
            TypeSource.SENDER: "the sender says so",
            TypeSource.RULE: "a rule of [[rules]] says so",
            TypeSource.PERSON: "a person says so",
            TypeSource.GUESS: "nobody says so",
            TypeSource.NONE: "nothing names it",
        }[self]


NEEDS_WORD = frozenset(
    {IncidentType.SECURITY, IncidentType.DATA_BREACH, IncidentType.AGENT_VIOLATION}
)
"""Types whose response cannot be undone without a person: isolate, freeze, revoke, suspend, start
a legal clock. Guessed, they page and prepare, and wait for a yes."""

WAITS = "waits for a person"
"""The state of a runbook that has prepared what it can, and goes on when somebody says so."""
