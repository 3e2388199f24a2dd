"""Whom a person names: to hand over to, or to lead."""

from __future__ import annotations

from schemas.errors import InvalidInput
from schemas.lifecycle import person_of
from schemas.people import Actor, Right, everybody
from schemas.settings import Settings


def colleague(given: str, field: str, settings: Settings) -> str:
    """The name of the person that somebody means, by name, display name or e-mail.

    Raises InvalidInput when nobody is called so, or when they may not act on incidents.
    """
    wanted = given.casefold()
    for person in everybody(settings.people).values():
        if wanted in {person.name, person.display_name.casefold(), (person.email or "").casefold()}:
            if not person.may(Right.RESPOND):
                raise InvalidInput(f"{field}: {person.called} may not act on incidents")
            return person.name
    may = [p.name for p in everybody(settings.people).values() if p.may(Right.RESPOND)]
    raise InvalidInput(
        f"{field}: nobody in [people] is called {given[:60]!a}; there are: {', '.join(may[:20])}"
    )


def is_same(on_record: str | None, actor: Actor) -> bool:
    """True when this person stands there on record, however they came."""
    return on_record is not None and person_of(on_record) == person_of(actor.on_record)
