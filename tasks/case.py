"""The context of every step: the incident, the settings, the store, and who acts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import uuid5

from schemas.automation import ACTS, Act, ActWords, Mode, Word
from schemas.errors import AeefError, NotConfirmed, TemporaryError, Withheld
from schemas.incident import Alert, Incident, Route, TypeSource, route_for
from schemas.settings import Settings
from schemas.settings.brake import limit_of
from tasks.base.trim import clean
from tasks.store import Store, Turn, open_store

RUNBOOK = "aeef-runbooks"
"""The actor in the record, unless a person acts by hand."""


@dataclass(frozen=True)
class Intent:
    """An act that is about to begin.

    would: what it would do, in words, looked up only when it is not done.
    asked_by: the person who asks for this very act; empty: the automation.
    subject: what it is done to, if that is not the target itself: an agent.
    """

    act: Act
    target: str
    would: Callable[[], str]
    asked_by: str = ""
    subject: str = ""

    @property
    def words(self) -> ActWords:
        """The act in words."""
        return ACTS[self.act]

    @property
    def undone(self) -> str:
        """What is so when it was not begun."""
        return self.words.undone_of(self.subject or self.target)


@dataclass(frozen=True)
class Case:
    """One incident as a step sees it.

    holder: the name under which claims are held; the same for a retry of the same run.
    person: who acts by hand; None for a runbook.
    """

    incident_id: str
    settings: Settings
    holder: str
    person: str | None = None

    @property
    def actor(self) -> str:
        """The actor, for the record."""
        return self.person or RUNBOOK

    @property
    def store(self) -> Store:
        """The record. Raises ConfigurationError when it cannot be opened."""
        return open_store(self.settings)

    @property
    def incident(self) -> Incident:
        """The current incident, read from the store each time."""
        return self.store.incident(self.incident_id)

    @property
    def alert(self) -> Alert:
        """The alert that opened it."""
        return self.store.alert(self.incident_id)

    @property
    def route(self) -> Route:
        """The incident's route in the severity table."""
        incident = self.incident
        return route_for(incident.severity, incident.type, self.settings.routes)

    def require_word(self, undone: str, asked_by: str = "") -> None:
        """Let a step pass that cannot be undone only on somebody's word, never on a guess.

        undone: what is not done otherwise: `shop is not isolated`. asked_by: the person who asks
        for this very step, which is word enough.
        Raises NotConfirmed that names the remedy.
        """
        if self.person or asked_by:
            return
        incident = self.incident
        if not incident.has_word:
            raise NotConfirmed(
                f"{undone}: that needs somebody's word, and {incident.title} has nobody's;"
                f" `aeef confirm {incident.short_id}` gives it"
            )

    def begin(self, intent: Intent, *, again: bool = False) -> None:
        """Let an act begin, and count it. Every step that changes something outside asks this
        first, whichever flow runs it.

        again: it only goes on with what was done before, and is not counted.
        Raises Withheld when the automation may not do it.
        """
        self.require_on(intent)
        if again:
            return
        person = self.person or intent.asked_by or self._confirmed_by
        why = self.store.begin_act(
            self.incident_id,
            intent.act,
            intent.target,
            actor=person or self.actor,
            limit=None if person else limit_of(intent.act, intent.target, self.settings),
        )
        if why:
            by_hand = intent.words.by_hand.format(intent.target)
            raise Withheld(
                f"{intent.undone}: {why}; it {_would(intent)}; {by_hand} does it by hand",
                needs_person=True,
            )

    def require_on(self, intent: Intent) -> None:
        """Raise Withheld unless the automation is on for the target now, or a person asks for it.

        While nobody can say whether it is on, it counts as off.
        """
        person = self.person or intent.asked_by
        try:
            word = self.store.automation().of(intent.target)
        except TemporaryError:
            raise  # the step is tried again, and has changed nothing
        except AeefError as error:
            if person:
                return
            raise Withheld(
                f"{intent.undone}: it is not known whether automation is on for"
                f" {intent.target}: {error}",
                needs_person=True,
            ) from None
        if word.mode is Mode.ON:
            return
        if person:
            self._note_exception(intent, word, person)
            return
        would = f"; it {_would(intent)}" if word.mode is Mode.OBSERVE else ""
        begun = f"{intent.act} of {intent.target}" in self.store.begun_for(self.incident)
        half = "; it had begun before that, and may be half done: look, and finish it"
        text = f"{intent.undone}: {word}{would}{half if begun else ''}"
        raise Withheld(text, needs_person=begun)

    @property
    def _confirmed_by(self) -> str:
        """Who said that this occurrence is of its type, by `aeef confirm`; empty: nobody."""
        incident = self.incident
        if incident.type_source is not TypeSource.PERSON or not incident.word_at:
            return ""
        if incident.word_at < incident.began_at:
            return ""  # of an earlier occurrence: a loop of relapses has a limit
        said = (each for each in incident.actions_taken[::-1] if each.action.startswith("type "))
        return next((each.actor for each in said if not each.automated), "")

    def _note_exception(self, intent: Intent, word: Word, person: str) -> None:
        text = f"{word}; this {intent.act} goes on, for {person} asks for it"
        logging.getLogger("aeef").info("%s", clean(text))  # for whoever does it by hand
        entry_id = uuid5(self.incident.incident_id, f"{text}/{self.incident.occurrence}")
        self.store.record_action(
            self.incident_id, text, actor=person, automated=False, entry_id=entry_id
        )

    def once(self, key: str) -> AbstractContextManager[Turn]:
        """Do something once for this incident; wait while another does it (see `Store.once`)."""
        return self.store.once(self.incident_id, key, self.holder, wait=True)


def _would(intent: Intent) -> str:
    try:
        return intent.would()
    except AeefError as error:
        return f"could not be done: {error}"
    except Exception as error:  # noqa: BLE001 - it is not done, and that is what counts
        return f"was not looked up what that would do ({type(error).__name__})"
