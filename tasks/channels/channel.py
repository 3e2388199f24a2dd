"""The interface of a channel: one way to reach people.

To add one: a file here with its class, its row in `channels.py`, and its settings in
`schemas/settings/channels.py`; see `docs/adding-a-channel.md`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from schemas.escalation import Contact
from schemas.incident import Incident, Severity
from schemas.settings import Settings
from tasks.store.claim_keys import page_key


class Channel(ABC):
    """A way to reach people. It is stateless: each call is given all that it needs.

    name: its name in routes and stored pages; it never changes. title: its display name.
    service: its name in the errors that it raises; its title where that is not set.
    needs: the variables without which it is not configured.
    rings: True: it calls until somebody takes the page, so it must be notified when the incident
    is acknowledged and when it is over; False: it only posts a message, which stays.
    rings_apart: True: a page about something separate (a legal clock, a failed run) is its own
    alert, resolved separately; False: an incident has one alert.
    keep_alive_every: how often to re-send an alert that would end by itself.
    is_to_try: True: it reaches nobody, and counts as no channel wherever somebody must be paged.
    limits: the service's documented maximum sizes, by what they limit.

    Each call to the service may be repeated, and raises TemporaryError or PermanentError, never
    with a secret in it (`tasks/base/http.py` ensures both).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    service: ClassVar[str] = ""
    rings: ClassVar[bool] = False
    rings_apart: ClassVar[bool] = False
    keep_alive_every: ClassVar[timedelta | None] = None
    is_to_try: ClassVar[bool] = False
    limits: ClassVar[Mapping[str, int]] = {}

    @abstractmethod
    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when a page can be sent; `about`: the page's subject (`claim_keys.about_of`)."""

    def line_of(self, about: str) -> str:
        """Which of its lines a page goes out on: each may be dead by itself."""
        return ""

    def covers(self, severity: Severity, settings: Settings, about: str = "") -> bool:
        """As `configured`, for incidents of this severity: it may have addresses for some only."""
        return self.configured(settings, about)

    def reaches(self, contact: Contact) -> bool:
        """True when it reaches this contact at an address of their own."""
        return False

    @abstractmethod
    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Page the on-call.

        key: the page's claim, which the caller holds, so nobody else sends the same page now.
        reason: why somebody must look, instead of the incident's description.
        """

    def page_unrecorded(self, incident: Incident, settings: Settings, *, reason: str) -> None:
        """Page for an incident whose record cannot be written: nothing of the store is there."""
        self.page(incident, settings, key=page_key(incident), reason=reason)

    def acknowledge(  # noqa: B027 - what only tells has nothing to do
        self, incident: Incident, settings: Settings, *, about: str = ""
    ) -> None:
        """Report that somebody has taken the page."""

    def resolve(  # noqa: B027 - what only tells has nothing to do
        self, incident: Incident, settings: Settings, *, about: str = ""
    ) -> None:
        """Report that the page needs no more attention."""

    def report(  # noqa: B027 - what is read elsewhere needs no news
        self, incident: Incident, settings: Settings
    ) -> None:
        """Let whoever looks at the page there read how it stands now; nobody is called."""

    def keep_alive(  # noqa: B027 - most alerts do not expire
        self, incident: Incident, settings: Settings
    ) -> None:
        """Re-send the alert, so that it does not expire."""

    @property
    def can_end(self) -> bool:
        """True when what it sent can be ended; a call that was made cannot."""
        return type(self).resolve is not Channel.resolve

    def check_contacts(self, settings: Settings) -> None:  # noqa: B027 - most need no check
        """Check every contact's address in this channel, without notifying anybody.

        Raises AeefError that names the remedy.
        """

    @abstractmethod
    def check(self, settings: Settings) -> str:
        """Test the channel without notifying anybody; one line for `aeef doctor`.

        Raises AeefError that names the remedy.
        """
