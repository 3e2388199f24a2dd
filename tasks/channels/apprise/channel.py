"""Addresses for Apprise as two channels: those that ring, and those that only tell."""

from __future__ import annotations

import logging
from typing import ClassVar

from schemas.escalation import Contact
from schemas.escalation.addresses import rings
from schemas.escalation.contact import ON_CALL
from schemas.incident import Incident, Severity
from schemas.settings import Settings
from tasks.base.trim import clean, one_line, trim
from tasks.channels.apprise import client
from tasks.channels.being_done import being_done
from tasks.channels.channel import Channel
from tasks.channels.text import what_to_do
from tasks.store.claim_keys import about_of, contact_of

TITLE_LIMIT = 120
"""Ours: what a phone shows in one line."""
RINGING_LIMIT = 300
"""Ours: two SMS."""
TELLING_LIMIT = 2000
"""Ours: the shortest limit of the usual chats."""

LOOKS_LIKE = str.maketrans(
    {
        "<": "\\u2039",
        ">": "\\u203a",
        "@": "\\uff20",
        "`": "\\u02cb",
        "*": "\\u2217",
        "[": "\\uff3b",
        "]": "\\uff3d",
    }
)
"""What could format, link or mention in one of a hundred services; people read nearly the same."""

log = logging.getLogger("aeef.apprise")


class _Addresses(Channel):
    """The contact's addresses of one kind.

    Without a contact those of `[contacts.on-call]`, and of the route of the incident's severity.
    """

    needs = ("AEEF_CONTACTS",)
    service = client.SERVICE
    body_limit: ClassVar[int]

    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when there is an address of this kind, if only for some severities."""
        return any(self.covers(severity, settings, about) for severity in Severity)

    def covers(self, severity: Severity, settings: Settings, about: str = "") -> bool:
        """True when there is an address of this kind for this severity."""
        return bool(self._of(settings, about, severity))

    def line_of(self, about: str) -> str:
        """The contact: each has a provider of its own."""
        return contact_of(about) or ON_CALL

    def reaches(self, contact: Contact) -> bool:
        """True when the contact has an address of this kind."""
        return bool(contact.addresses(ringing=self.rings))

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Hand it to each address; one that takes it is enough."""
        addresses = self._of(settings, about_of(key), incident.severity)
        title, body = self._text(incident, settings, about_of(key), reason)
        if failed := client.send(addresses, title, body, settings):
            log.warning("%s: not taken by %s", incident.title, ", ".join(failed))

    def check(self, settings: Settings) -> str:
        """Check that Apprise understands the addresses: whether they work, only a page shows."""
        found = (self._of(settings, "", severity) for severity in Severity)
        addresses = tuple(dict.fromkeys(address for each in found for address in each))
        client.check(addresses, settings)
        return f"{len(addresses)} understood; that they work is proven by the first page"

    def check_contacts(self, settings: Settings) -> None:
        """Check that Apprise understands each contact's and route's addresses of this kind."""
        of_all = [each.addresses(ringing=self.rings) for each in settings.contacts.values()]
        of_all += [self._of_route(settings, severity) for severity in Severity]
        if addresses := tuple(address for found in of_all for address in found):
            client.check(addresses, settings)

    def _of(self, settings: Settings, about: str, severity: Severity) -> tuple[str, ...]:
        called = contact_of(about)
        contact = settings.contacts.get(called or ON_CALL)
        own = contact.addresses(ringing=self.rings) if contact else ()
        return own if called else tuple(dict.fromkeys((*own, *self._of_route(settings, severity))))

    def _of_route(self, settings: Settings, severity: Severity) -> tuple[str, ...]:
        route = settings.routes.get(severity)
        urls = (url.get_secret_value() for url in route.urls) if route else ()
        return tuple(url for url in urls if rings(url) is self.rings)

    def _text(
        self, incident: Incident, settings: Settings, about: str, reason: str | None
    ) -> tuple[str, str]:
        """Title and body; what came from outside formats nothing and mentions nobody."""
        what = one_line("" if incident.is_restricted else reason or incident.description)
        doing = "" if reason or incident.is_restricted else being_done(incident, settings)
        text = ". ".join(filter(None, (what.rstrip(".") if doing else what, doing)))
        said = trim(clean(text).translate(LOOKS_LIKE), self.body_limit)
        to = contact_of(about) or (ON_CALL if ON_CALL in settings.contacts else "")
        todo = what_to_do(incident, settings, about=about, to=to, to_many=not self.rings)
        title = trim(one_line(f"AEEF {incident.title}").translate(LOOKS_LIKE), TITLE_LIMIT)
        return title, "\n".join(filter(None, (said, todo)))


class Phone(_Addresses):
    """Phones, SMS, push services, on-call services."""

    name = "phone"
    title = "phone"
    rings = True
    rings_apart = True
    body_limit = RINGING_LIMIT
    limits: ClassVar = {"characters of a title": TITLE_LIMIT, "characters of a text": body_limit}


class Message(_Addresses):
    """E-mail, chats, webhooks."""

    name = "message"
    title = "message"
    body_limit = TELLING_LIMIT
    limits: ClassVar = {"characters of a title": TITLE_LIMIT, "characters of a text": body_limit}
