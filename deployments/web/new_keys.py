"""Makes what people come in with: personal tokens, and links that sign in once."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from deployments.web.sign_in import SIGN_IN
from deployments.web.visitors import TOKEN_PREFIX
from schemas.people import Person, Right, everybody
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.people.keys import KeyKind

LINK_LASTS = timedelta(minutes=15)


def new_token(person: Person, lasts: timedelta, settings: Settings, *, by: str) -> str:
    """A personal token; nobody can read it again."""
    return TOKEN_PREFIX + open_store(settings).people_keys.make(
        KeyKind.TOKEN,
        person.name,
        lasts,
        by=by,
        said=f"Made a personal token for {person.name}, which lasts {lasts.days} days",
    )


def new_link(person: Person, settings: Settings, *, by: str) -> str:
    """An address where this person signs in once, within `LINK_LASTS`."""
    text = open_store(settings).people_keys.make(
        KeyKind.LINK,
        person.name,
        LINK_LASTS,
        by=by,
        said=f"Made a link that signs {person.name} in once",
    )
    return f"{settings.base_url}{SIGN_IN}?{urlencode({'link': text})}"


def first_admin(settings: Settings) -> Person | None:
    """The first person who is an administrator; None when the configuration has none."""
    people = everybody(settings.people).values()
    return next((person for person in people if person.may(Right.ADMIN)), None)
