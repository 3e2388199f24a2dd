"""Who asks: a person by their token or session, or whoever works on this host.

The configuration is looked at anew each time: who is no longer in it is nobody, and roles that
were taken away are gone with the next request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer

from deployments.web.origins import Headers
from deployments.web.own_threads import OwnThreads
from deployments.web.sessions import Cookies, session_key
from schemas.people import Actor, Method, Person, everybody, local_user
from schemas.settings import Settings
from tasks.store import Store
from tasks.store.people.keys import KeyKind, PersonKey

TOKEN_PREFIX, HOST_PREFIX = "aeef_", "host_"
HOST_SECONDS = 60 * 60
LOOKS_AT_ONCE, LOOK_SECONDS = 8, 10.0
BASIC_USER = "aeef"


class SignedIn(NamedTuple):
    """Somebody who asks.

    session: the secret of their browser's; empty when it is no browser.
    about: what their OpenID provider says of them.
    """

    actor: Actor
    session: str = ""
    key: PersonKey | None = None
    about: Mapping[str, Any] = {}


class Visitors:
    """Finds out who asks. What reads the store is called in one of its own `threads`."""

    def __init__(self, now: Callable[[], Settings], store: Callable[[], Store]) -> None:
        """now: the settings as they are now."""
        self.now = now
        self.key = session_key(now())
        self._store = store
        self.cookies = Cookies(self.key)
        self.threads = OwnThreads("who is there", LOOKS_AT_ONCE, LOOK_SECONDS)
        self._host = _host_signer(self.key)

    async def signed_in(self, headers: Headers) -> SignedIn | None:
        """Whose session the request's cookie is. Raises TemporaryError when that takes long."""
        cookies = headers.get(b"cookie")
        return await self.threads.run(self.by_cookie, cookies) if cookies else None

    def by_authorization(self, header: str) -> SignedIn | None:
        """Who shows this `Authorization`: a personal token, or the pass of a command here."""
        user, given = given_in(header)
        if user is None and given.startswith(HOST_PREFIX):
            return self._by_pass(given.removeprefix(HOST_PREFIX))
        if not given.startswith(TOKEN_PREFIX):
            return None
        found = self.by_token(given)
        called = found and found.actor.name
        return found if user in (None, BASIC_USER, called) else None

    def by_token(self, token: str) -> SignedIn | None:
        """Whose personal token this is."""
        found = self._store().people_keys.find(KeyKind.TOKEN, token.removeprefix(TOKEN_PREFIX))
        actor = found and self._actor(found, Method.TOKEN)
        return SignedIn(actor, key=found) if actor else None

    def use_link(self, text: str) -> SignedIn | None:
        """Whom a sign-in link is for; it is used up."""
        found = self._store().people_keys.use_link(text)
        actor = found and self._actor(found, Method.LINK)
        return SignedIn(actor, key=found) if actor else None

    def by_cookie(self, cookies: bytes | None) -> SignedIn | None:
        """Whose session it is."""
        session = self.cookies.read(cookies, self.seconds)
        found = self._store().people_keys.find(KeyKind.SESSION, session) if session else None
        if session is None or found is None:
            return None
        actor = self._actor(found, Method(found.details["method"]))
        return SignedIn(actor, session, found) if actor else None

    def person(self, name: str) -> Person | None:
        """The person of the configuration."""
        return everybody(self.now().people).get(name)

    def begin(self, found: SignedIn, place: str) -> str:
        """Begin a session; its secret. place: from where, for the record."""
        return self._store().people_keys.make(
            KeyKind.SESSION,
            found.actor.name,
            timedelta(seconds=self.seconds),
            by=found.actor.on_record,
            said=f"Signed in from {place}",
            parent=found.key and found.key.key_id,
            details={"method": found.actor.method.value, **found.about},
        )

    def end(self, signed_in: SignedIn) -> None:
        """End the session."""
        if signed_in.key is not None:
            self._store().people_keys.end(
                [signed_in.key.key_id], by=signed_in.actor.on_record, said="Signed out"
            )

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return round(self.now().sign_in.hours * 3600)

    def actor_of(self, about: Mapping[str, Any]) -> Actor | None:
        """Whom the provider means: a person by their e-mail, else one with the groups' roles."""
        settings, email = self.now(), about["email"]
        if settings.oidc is None or not email:
            return None
        known = (each for each in settings.people.values() if each.email)
        person = next((each for each in known if str(each.email).casefold() == email), None)
        if person is None:
            given = [settings.oidc.groups.get(group, ()) for group in about["groups"]]
            roles = tuple(dict.fromkeys(role for each in given for role in each))
            if not roles:
                return None
            # Nobody in [people] can have this name, as it has an @.
            person = Person.model_construct(
                name=email, display_name=about["called"], email=email, roles=roles
            )
        return Actor(person.name, Method.OIDC, person)

    def _actor(self, key: PersonKey, method: Method) -> Actor | None:
        if method is Method.OIDC:
            return self.actor_of(key.details)
        person = self.person(key.person)
        return Actor(person.name, method, person) if person else None

    def _by_pass(self, text: str) -> SignedIn | None:
        try:
            user = self._host.loads(text, max_age=HOST_SECONDS)
        except BadSignature:
            return None
        return SignedIn(local_user(str(user)))


def host_pass(settings: Settings, user: str) -> str:
    """What a command on the intake's host shows: that it can read AEEF_HOME, and nothing more."""
    return HOST_PREFIX + str(_host_signer(session_key(settings)).dumps(user))


def given_in(header: str) -> tuple[str | None, str]:
    """The user and the password in `Authorization`; the user is None for a bearer's token."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return None, value.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return None, ""
        return user.decode("latin-1"), password.decode("latin-1")
    return None, ""


def _host_signer(key: bytes) -> URLSafeTimedSerializer:
    digest = {"digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(key, salt="aeef.host", signer_kwargs=digest)
