"""The text of a page or a message: which incident, what is being done, what to do.

`P1 demo #1284: 502 since 14:00. Rolling back by itself. Take it: https://…`
"""

from __future__ import annotations

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.links import links_for
from schemas.settings import Settings
from tasks.base.trim import characters, one_line, trim
from tasks.channels.being_done import being_done
from tasks.channels.page_link import link_for
from tasks.store.claim_keys import takes_the_incident

LONGEST_NOTE = 300
"""Ours: of what people must know of the automation."""


def head_of(incident: Incident, *, public: bool = False) -> str:
    """`P1 demo #1284`, with what is special about it; a drill says so first."""
    kind = incident.public_kind if public else incident.kind_in_full
    guess = f", {kind}" if incident.kind != incident.type else ""
    named = f"{incident.mark}{incident.severity} {incident.service} {incident.reference}"
    return one_line(f"{named}{incident.which_occurrence}{guess}")


def what_to_do(
    incident: Incident,
    settings: Settings,
    *,
    about: str = "",
    to: str = "",
    to_many: bool = False,
) -> str:
    """`Take it: <link>`; the link needs no password, so only who is paged may get it.

    about: the page's subject. to: the contact whom it goes to. to_many: others read it as well,
    as in a chat: its link is that of the record, where one signs in.
    Empty for what is not on record.
    """
    if not incident.number:
        return ""
    if not takes_the_incident(about):
        return f"Open: {links_for(incident, settings).incident}"
    if to_many:
        return f"Take it: {links_for(incident, settings).incident}"
    try:
        return f"Take it: {link_for(incident, settings, to)}"
    except (AeefError, OSError):
        return f"Take it: {links_for(incident, settings).incident}"


def hides(incident: Incident, *, public: bool) -> bool:
    """True when whoever reads it must not read what is done."""
    return public and incident.is_restricted


def text_of(
    incident: Incident,
    settings: Settings,
    limit: int,
    *,
    public: bool = False,
    todo: str = "",
    reason: str | None = None,
) -> str:
    """One line of at most so many characters; of a long description its beginning.

    public: everybody may read it: nothing of a restricted incident. todo: by `what_to_do`.
    reason: what this page is about, instead of the description and of what is being done.
    """
    known = incident.public_description if public else incident.description
    about = one_line(reason or known).rstrip(".")
    doing = "" if reason or hides(incident, public=public) else being_done(incident, settings)
    note = trim(one_line(incident.automation), LONGEST_NOTE) if incident.automation else ""
    note = f" [{note}]" if note else ""
    fixed = "".join(f". {part}" for part in (doing, todo) if part)
    head = head_of(incident, public=public)
    room = limit - characters(head) - characters(fixed) - characters(note) - 2
    if room < 0:
        return trim(head + fixed, limit - characters(note)) + note
    return head + (f": {trim(about, room)}" if about and room > 0 else "") + fixed + note
