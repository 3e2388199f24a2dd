"""Who does something, and how we know that it is them: what stands on record beside each act."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from schemas.people.person import Person
from schemas.people.role import Right, Role

_ON_RECORD = re.compile(r"local user (.+), not proven|(.+) \((?:oidc|token|link|slack|pagerduty)\)")


class Method(StrEnum):
    """How somebody proved who they are. LOCAL proves nothing."""

    OIDC = "oidc"
    TOKEN = "token"  # noqa: S105 - the name of a method
    LINK = "link"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    LOCAL = "local"


class Actor(NamedTuple):
    """Somebody who acts.

    name: what they are called, or what they call themselves when nothing proves it.
    person: None when it is nobody of `[people]`: a local user, an unknown user of a channel,
    whoever has the shared token.
    """

    name: str
    method: Method
    person: Person | None = None

    @property
    def is_proven(self) -> bool:
        """True when it is a person that we know, by something that only they have."""
        return self.person is not None and self.method is not Method.LOCAL

    def may(self, right: Right) -> bool:
        """True when they have the right; who works on the host itself has all but to approve."""
        if self.person is not None:
            return self.person.may(right)
        return self.method is Method.LOCAL and right is not Right.APPROVE

    @property
    def roles(self) -> tuple[Role, ...]:
        """The person's roles; none when it is nobody that we know."""
        return self.person.roles if self.person else ()

    @property
    def on_record(self) -> str:
        """For the record: `ann (token)`, `local user ceo, not proven`."""
        if self.method is Method.LOCAL:
            return f"local user {self.name}, not proven"
        if self.person is None:
            return f"{self.name}, not one of our people ({self.method})"
        return f"{self.person.name} ({self.method})"

    @property
    def called(self) -> str:
        """For people: the display name, or what they call themselves."""
        return self.person.called if self.person else self.name


def local_user(name: str) -> Actor:
    """Whoever is logged in on this machine: the operating system's word, and nobody else's."""
    return Actor(name, Method.LOCAL)


def name_on_record(text: str) -> str:
    """Whom an entry's `on_record` names: `ann` of `ann (token)`, also where nothing proves it."""
    found = _ON_RECORD.fullmatch(text)
    return next(filter(None, found.groups())) if found else text
