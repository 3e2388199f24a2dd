"""One round of a page through the channels of its route: what rings first, what tells meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta

from schemas.errors import ConfigurationError, OutsideServiceError, TemporaryError
from schemas.incident import Incident, Severity
from schemas.model import utc_now
from schemas.settings import Settings
from schemas.settings.paging import PagingSettings
from tasks.channels.channel import Channel
from tasks.channels.channels import channel_named, channels_for, in_earnest
from tasks.channels.reach import reach
from tasks.notify import page_record
from tasks.notify.page_record import NOT_CONFIGURED
from tasks.store import Store
from tasks.store.claim_keys import about_of, is_the_incident, occurrence_of
from tasks.store.waiting.untaken import UntakenPage

log = logging.getLogger("aeef.page")


@dataclass
class Outcome:
    """What a round came to.

    channel: what took the page or was used meanwhile; None: nothing.
    page: what is kept of it. still_trying: nothing that rings has taken it, and something may.
    """

    channel: Channel | None
    refused: dict[str, str]
    page: UntakenPage
    still_trying: bool = False
    nothing_is_configured: bool = False


def first(
    store: Store,
    incident: Incident,
    key: str,
    reason: str | None,
    severity: Severity | None,
    *,
    even_if_over: bool,
) -> UntakenPage:
    """A page before its first round."""
    now = store.lease_now()
    is_its_own = is_the_incident(about_of(key))
    return UntakenPage(
        incident_id=incident.incident_id, key=key, reason=reason, severity=severity,
        occurrence=occurrence_of(key) if is_its_own else incident.occurrence,
        even_if_over=even_if_over, began_at=utc_now(), since=now, tried_at=now, due_at=now,
    )  # fmt: skip


def go(incident: Incident, page: UntakenPage, settings: Settings, store: Store) -> Outcome:
    """Try each channel that rings; use what tells when none takes it, or none answers soon."""
    return _Round(incident, page, settings, store).go()


@dataclass
class _Ringing:
    """The tries of the channels that ring, which may be under way in another thread."""

    channels: Sequence[Channel]
    took: Channel | None = None
    errors: dict[str, OutsideServiceError] = field(default_factory=dict)

    def why_not(self, after: float) -> dict[str, str]:
        """Why each has not taken it."""
        silent = f"it has not answered within {after:g} s"
        errors = dict(self.errors)
        return {e.name: str(errors.get(e.name) or silent) for e in self.channels}


class _Round:
    def __init__(
        self, incident: Incident, page: UntakenPage, settings: Settings, store: Store
    ) -> None:
        self.incident, self.page = incident, page
        self.settings, self.store = settings, store
        self.refused: dict[str, str] = {}
        self.order = channels_for(incident, settings, page.key)
        there = in_earnest([each for name in self.order if (each := self._channel(name))])
        self.ringing = _Ringing([each for each in there if each.rings])
        self.quiet = [each for each in there if not each.rings]

    def _channel(self, name: str) -> Channel | None:
        try:
            channel = channel_named(name)
        except ConfigurationError as error:
            # A typing error in a route must not keep the page from the others.
            self.refused[name] = str(error)
            return None
        if channel.covers(self.incident.severity, self.settings, about_of(self.page.key)):
            return channel
        self.refused[name] = NOT_CONFIGURED
        return None

    def go(self) -> Outcome:
        if not self.ringing.channels:
            return self._notify_and_be_done()
        if self.page.notified or not self.quiet:
            self._ring()
        else:
            self._ring_and_notify()
        if took := self.ringing.took:
            self.refused |= {each: str(error) for each, error in self.ringing.errors.items()}
            return Outcome(took, self._refused_before(took), self.page)
        if self.page.notified is None and self.quiet:
            self._notify_meanwhile()
        return self._try_later()

    def _ring(self) -> None:
        for channel in self.ringing.channels:
            if (error := self._call(channel)) is None:
                self.ringing.took = channel
                return
            self.ringing.errors[channel.name] = error

    def _ring_and_notify(self) -> None:
        """Ring; when nothing has answered soon, tell meanwhile: nobody waits for a dead channel."""
        context = copy_context()
        thread = threading.Thread(
            target=lambda: context.run(self._ring),
            name=f"ring {self.incident.severity}",
            daemon=True,
        )
        thread.start()
        thread.join(self.settings.paging.notify_after)
        if thread.is_alive():
            self._notify_meanwhile()
        thread.join()

    def _notify_meanwhile(self) -> None:
        """Use the first channel that only tells and takes it, once for this page."""
        paging = self.settings.paging
        for channel in self.quiet:
            why_not = self.ringing.why_not(paging.notify_after)
            if (error := self._call(channel)) is not None:
                self.refused[channel.name] = str(error)
                continue
            refused = {**why_not, **self._refused_before(channel)}
            page_record.meanwhile(self.incident, self.page, channel, refused, self.store)
            self.page = self._later(refused, notified=channel.name, tries=self.page.tries)
            self.store.save_untaken(self.page)
            return

    def _notify_and_be_done(self) -> Outcome:
        """Nothing in the route rings: to tell is all there is."""
        nothing = set(self.refused.values()) <= {NOT_CONFIGURED} and not self.quiet
        for channel in self.quiet:
            if (error := self._call(channel)) is None:
                return Outcome(channel, self._refused_before(channel), self.page)
            self.ringing.errors[channel.name] = error
            self.refused[channel.name] = str(error)
        if nothing:
            return Outcome(None, self.refused, self.page, nothing_is_configured=True)
        return self._try_later()

    def _try_later(self) -> Outcome:
        notify_after = self.settings.paging.notify_after
        refused = {**self.ringing.why_not(notify_after), **self.refused}
        self.page = self._later(refused, notified=self.page.notified, tries=self.page.tries + 1)
        self.store.save_untaken(self.page)
        notified = channel_named(self.page.notified) if self.page.notified else None
        return Outcome(notified, refused, self.page, still_trying=True)

    def _refused_before(self, channel: Channel) -> dict[str, str]:
        """Those that should have taken it rather than this channel, by the route."""
        before = self.order[: self.order.index(channel.name)]
        return {name: self.refused[name] for name in before if name in self.refused}

    def _later(self, refused: dict[str, str], *, notified: str | None, tries: int) -> UntakenPage:
        now = self.store.lease_now()
        errors = list(self.ringing.errors.values())
        wait = wait_after(tries, errors, self.settings.paging)
        asked = [each.name for each in self.ringing.channels if each.name in self._maybe_taken()]
        return self.page.model_copy(
            update={
                "notified": notified,
                "refused": refused,
                "asked": tuple(dict.fromkeys([*self.page.asked, *asked])),
                "is_refused_for_good": are_for_good(errors),
                "tries": tries,
                "tried_at": now,
                "due_at": now + timedelta(seconds=wait),
            }
        )

    def _maybe_taken(self) -> set[str]:
        """The channels whose answer is unknown: one of them may ring."""
        errors = dict(self.ringing.errors)
        return {
            each.name
            for each in self.ringing.channels
            if isinstance(errors.get(each.name, TemporaryError("", "")), TemporaryError)
        }

    def _call(self, channel: Channel) -> OutsideServiceError | None:
        def call() -> None:
            channel.page(self.incident, self.settings, key=self.page.key, reason=self.page.reason)

        try:
            reach(channel, self.settings, call, about_of(self.page.key))
        except OutsideServiceError as error:
            return error
        except Exception as error:
            # A fault of ours in one channel must not keep the page from the others.
            log.exception("%s failed", channel.title)
            return TemporaryError(channel.title, f"failed: {type(error).__name__}, see the log")
        return None


def wait_after(tries: int, errors: Sequence[OutsideServiceError], paging: PagingSettings) -> float:
    """Seconds until a page is tried again after so many rounds; the shortest of its channels.

    `Retry-After` is honoured; what refuses for good is asked seldom: settings may be mended.
    """
    doubled = min(paging.first_wait * 2 ** min(max(tries - 1, 0), 16), paging.longest_wait)
    waits = []
    for error in errors:
        if not isinstance(error, TemporaryError):
            waits.append(paging.refused_wait)
            continue
        wish = min(error.retry_after or 0.0, paging.longest_retry_after)
        waits.append(max(doubled, wish))
    return min(waits, default=doubled)


def are_for_good(errors: Sequence[OutsideServiceError]) -> bool:
    """True when trying again helps only once the settings are mended."""
    return bool(errors) and not any(isinstance(each, TemporaryError) for each in errors)
