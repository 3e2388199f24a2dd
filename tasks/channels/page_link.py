"""The link in a page: signed, for hours, good for one incident and for taking or resolving it.

Whoever was paged needs no password at night. It asks for one more tap: a preview robot that opens
it changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple
from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from schemas.errors import ConfigurationError, NotAllowed
from schemas.incident import Incident
from schemas.links import links_for
from schemas.people import Actor, Method
from schemas.settings import Settings
from tasks.store.masking_key import masking_key

VERBS = ("ack", "resolve")
"""What the link is good for."""
PATH = "/by-link/"


class PageLink(NamedTuple):
    """What a link is for.

    to: the contact whom the page went to; empty: the on-call. person: who that was then, of
    `[people]`; empty: nobody of them.
    """

    incident_id: UUID
    to: str
    person: str = ""


def link_for(incident: Incident, settings: Settings, to: str = "") -> str:
    """The address for the page of this incident. to: the contact whom the page goes to.

    Never raises: without a key it is the address of the record, where one signs in.
    """
    try:
        text = _signer(settings).dumps([incident.incident_id.hex, to, _person_of(to, settings)])
    except ConfigurationError:
        return links_for(incident, settings).incident
    return f"{settings.base_url}{PATH}{text}"


def read_link(text: str, settings: Settings) -> PageLink:
    """What a link is for. Raises NotAllowed that says what to do instead."""
    try:
        lasts = round(settings.paging.link_lasts.total_seconds())
        incident_id, to, person = _signer(settings).loads(text, max_age=lasts)
        return PageLink(UUID(incident_id), str(to), str(person))
    except SignatureExpired:
        raise NotAllowed("this link is too old: sign in, or use that of a newer page") from None
    except (BadSignature, ValueError, TypeError):
        raise NotAllowed("this is no link of ours: copy all of it, or sign in") from None


def actor_of(link: PageLink, settings: Settings) -> Actor:
    """Who acts by the link: the person whom the page went to; else whoever has it.

    Raises NotAllowed when that person has been taken out since.
    """
    if link.person:
        person = settings.people.get(link.person)
        if person is None or _person_of(link.to, settings) != link.person:
            raise NotAllowed("this link was for somebody who is not here any more: sign in")
        return Actor(person.name, Method.LINK, person)
    whose = f" to {link.to}" if link.to else ""
    return Actor(f"whoever has the link in the page{whose}", Method.LINK)


def _person_of(to: str, settings: Settings) -> str:
    contact = settings.contacts.get(to)
    named = contact.person if contact else None
    return named if named and named in settings.people else ""


def page_key_of(settings: Settings, use: str) -> bytes:
    """A key for signing, the same on all machines that share the masking key."""
    return hmac.digest(masking_key(settings), f"aeef.page.{use}".encode(), "sha256")


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    digest = {"digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(
        page_key_of(settings, "link"), salt="aeef.link", signer_kwargs=digest
    )
