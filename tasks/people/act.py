"""What an act of a person is: its name, who may, what it asks for, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from schemas.incident import Incident
from schemas.lifecycle import NOT_SAID, ShownFor
from schemas.model import Model
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.store import Store, open_store
from tasks.store.lifecycle.lifecycle import Lifecycle


class Nothing(Model):
    """For an act that asks for nothing."""


@dataclass(frozen=True)
class Hand:
    """A person at one incident.

    shown: what they saw when they pressed. waits: what takes long is over when the act is, because
    this process ends then.
    """

    incident_id: str
    actor: Actor
    settings: Settings
    shown: ShownFor = NOT_SAID
    waits: bool = False

    @property
    def store(self) -> Store:
        """The record."""
        return open_store(self.settings)

    @property
    def lifecycle(self) -> Lifecycle:
        """What people do to incidents, each only for what they were shown."""
        return self.store.lifecycle.only_for(self.shown)

    @property
    def incident(self) -> Incident:
        """The incident as it is now."""
        return self.store.incident(self.incident_id)

    @property
    def holder(self) -> str:
        """The name under which claims are held, new each time."""
        return f"{self.actor.method} {uuid4()}"


class Done(NamedTuple):
    """What came of an act.

    said: one sentence for whoever did it. changed: False: it was so before, and nothing was done.
    problem: what could not be done beside it: a channel that does not answer; empty: nothing.
    """

    incident: Incident
    said: str
    changed: bool = True
    problem: str = ""


class Shown(NamedTuple):
    """What somebody reads before they act. given: the act's fields that say that they read this.

    title: what it is, in few words; empty: the act itself says so.
    """

    text: str
    given: Mapping[str, str]
    title: str = ""


@dataclass(frozen=True)
class PersonAct:
    """One verb, the same in the API, the command line, Slack and on the page.

    name: `POST /v1/incidents/ID/<name>`, `aeef <name> ID`, `/aeef <name> ID`.
    title: the words of its button. does: what it will do, in one sentence, as a person reads it.
    asks: what has to be given, as a model: its fields are the form, the options and the body.
    do: carries it out. Raises NotPossibleNow with what is missing, or InvalidInput.
    undone: how it is undone, in one sentence. asks_again: it cannot be taken back at once, so a
    page asks once more before it is done.
    foresee: what a dry run made now says; raises as `do` would. None: nothing to look at.
    shows: what the person must have read, and what its form has because of that, for each thing
    that it may be about; raises when there is nothing. None: nothing.
    """

    name: str
    title: str
    does: str
    right: Right
    asks: type[Model]
    do: Callable[[Hand, Any], Done]
    undone: str = ""
    asks_again: bool = False
    foresee: Callable[[Hand], str] | None = None
    shows: Callable[[Hand], Sequence[Shown]] | None = None
