"""What a channel is: one way to reach people, as everything that pages sees it.

Adding one: a file here with its class, its row in `channels.py`, and its settings in
`schemas/settings/channels.py`; see `docs/adding-a-channel.md`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from schemas.incident import Incident
from schemas.settings import Settings


class Channel(ABC):
    """A way to reach people. It keeps nothing: all that it needs is given to each call.

    name: as routes and kept pages name it; it never changes. title: as people say it.
    needs: the variables without which it is not configured.
    rings: True: it calls until somebody takes the page, so it is told when the incident is taken
    and when it is over; False: it only tells, and keeps what was said.
    rings_apart: True: a page that is about something of its own (a legal clock, a failed run) is
    an alert of its own, resolved by itself; False: an incident has one alert.
    keep_alive_every: an alert that would end by itself is sent again so often.
    limits: what the service takes at most, as its documentation says; by what is limited.

    Each call that speaks to the service raises TemporaryError or PermanentError, never with a
    secret in it (`tasks/base/http.py` sees to both), and may be repeated.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    rings: ClassVar[bool] = False
    rings_apart: ClassVar[bool] = False
    keep_alive_every: ClassVar[timedelta | None] = None
    limits: ClassVar[Mapping[str, int]] = {}

    @abstractmethod
    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when a page can be sent; `about`: what it is about (`claim_keys.about_of`)."""

    @abstractmethod
    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Reach the on-call.

        key: of the page's claim; who calls this holds it, so nobody sends the same page now.
        reason: why somebody has to look, instead of the incident's own words.
        """

    def acknowledge(  # noqa: B027 - what only tells has nothing to do
        self, incident: Incident, settings: Settings, *, about: str = ""
    ) -> None:
        """Say that somebody has taken the page."""

    def resolve(  # noqa: B027 - what only tells has nothing to do
        self, incident: Incident, settings: Settings, *, about: str = ""
    ) -> None:
        """Say that the page need not be looked at any longer."""

    def keep_alive(  # noqa: B027 - most alerts do not end by themselves
        self, incident: Incident, settings: Settings
    ) -> None:
        """Send the alert again, so that it does not end by itself."""

    @abstractmethod
    def check(self, settings: Settings) -> str:
        """Try it without reaching anybody; one line for `aeef doctor`.

        Raises AeefError that says what to do.
        """
