"""Slack as a channel."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from schemas.escalation import Contact
from schemas.escalation.contact import ON_CALL
from schemas.incident import Incident, SlackChannel
from schemas.settings import Settings
from tasks.channels.channel import Channel
from tasks.channels.slack import blocks, client
from tasks.channels.slack.membership import membership
from tasks.channels.slack.message import ensure_message, reply_once
from tasks.channels.text import text_of, what_to_do
from tasks.store.claim_keys import about_of, contact_of, slack_page_key

ONE_PERSON = ("U", "W")
"""How the id of a user begins; others are of channels, which many read."""


class Slack(Channel):
    """Notifies whoever reads the channel of urgent incidents."""

    name = "slack"
    title = "Slack"
    needs = ("AEEF_SLACK__TOKEN",)
    limits: ClassVar = {
        "characters of a header": blocks.HEADER_LIMIT,
        "characters of a section": blocks.SECTION_LIMIT,
        "characters of a message": blocks.TEXT_LIMIT,
    }

    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when there is a bot token."""
        return client.configured(settings)

    def reaches(self, contact: Contact) -> bool:
        """True when the contact has an id in Slack."""
        return contact.slack is not None

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Make sure that the incident is posted, and ask for the on-call in its thread.

        A contact is written to by id, instead.
        """
        called = settings.contacts.get(contact_of(about_of(key)) or ON_CALL)
        user = called.slack if called else None
        if user and contact_of(about_of(key)):
            client.write_to(user, self._to_one(incident, settings, about_of(key), reason), settings)
            return
        posted = ensure_message(
            incident, settings, holder=f"page {uuid4()}", channel=SlackChannel.CRITICAL
        )
        why = incident.title if incident.is_restricted else reason or incident.title
        text = f"On-call, please take this: {why}"
        # The sender holds the page's claim, so nobody else uses this holder name at the same time.
        page = slack_page_key(key)
        reply_once(incident, posted, text, page, settings, holder=key, mentions=user)

    def _to_one(
        self, incident: Incident, settings: Settings, about: str, reason: str | None
    ) -> str:
        to = contact_of(about) or ""
        contact = settings.contacts.get(to)
        to_many = not (contact and contact.slack and contact.slack.startswith(ONE_PERSON))
        todo = what_to_do(incident, settings, about=about, to=to, to_many=to_many)
        why = None if incident.is_restricted else reason
        limit = blocks.TEXT_LIMIT // 2
        return text_of(incident, settings, limit, public=True, todo=todo, reason=why)

    def page_unrecorded(self, incident: Incident, settings: Settings, *, reason: str) -> None:
        """Write to the channel of urgent incidents; the incident's message follows its record."""
        name = settings.slack.channels[SlackChannel.CRITICAL]
        why = incident.title if incident.is_restricted else reason
        client.write_to(name, f"On-call, please take this: {why}", settings)

    def check(self, settings: Settings) -> str:
        """Query the bot's own identity, and whether it may post in the channels."""
        return f"{client.check(settings)}, {membership(settings)}"
