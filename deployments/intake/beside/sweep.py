"""The sweep: finds what should have happened to an open incident but did not, and does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol
from uuid import uuid4, uuid5

from deployments.intake.intervals import USUAL, Timing
from schemas.errors import AeefError
from schemas.incident import Incident, Severity, route_for
from schemas.lifecycle import NEEDS_LEAD
from schemas.settings import Settings
from tasks.calendar.repeated_warnings import open_formal_reviews
from tasks.channels.channels import CHANNELS
from tasks.channels.reach import reach
from tasks.corrective.tickets import watch_action_tickets
from tasks.notify.ask_for_lead import ask_for_lead
from tasks.notify.page_on_call import channel_of
from tasks.notify.show_progress import show_overdue
from tasks.notify.tickets.watch_tickets import watch_tickets
from tasks.review.watch import watch_reviews
from tasks.store import Store
from tasks.store.claim_keys import (
    BY_HAND,
    LEAD_ASKED,
    PAGE,
    PAGE_FAILED_BY_HAND,
    keep_alive_key,
    not_started_key,
    page_key,
)

PAGES_AT_ONCE = 16
log = logging.getLogger("aeef.sweep")


class Pager(Protocol):
    """Sends a page for an incident, once."""

    def __call__(
        self, incident: Incident, reason: str | None = None, key: str | None = None
    ) -> None:
        """Send it; never raises."""


class Sweep:
    """Runs independent checks: if one fails, the others still run."""

    def __init__(
        self, settings: Settings, store: Store, page: Pager, timing: Timing = USUAL
    ) -> None:
        self.settings = settings
        self.store = store
        self.page = page
        self.timing = timing
        self._next_reviews = 0.0
        self._actions_due = 0.0
        self._warnings_at = float("-inf")

    def run(self) -> None:
        """Do every check once."""
        checks: tuple[Callable[[], None], ...] = (
            self.send_late_pages,
            self.keep_alerts_alive,
            self.page_for_missing_runbooks,
            self.page_for_dead_procedures,
            self.ask_for_leads,
            self.watch_tickets,
            self.watch_action_tickets,
            self.watch_reviews,
            self.change_messages,
            self.open_formal_reviews,
        )
        for check in checks:
            try:
                check()
            except AeefError as error:
                log.error("%s: %s", check.__name__, error)
            except Exception:
                log.exception("%s failed; it is done again", check.__name__)

    def send_late_pages(self) -> None:
        """Send pages that no channel accepted, and those of an intake that died."""
        self._side_by_side(
            self.page,
            [
                incident
                for severity in Severity
                for incident in self.store.open_incidents_missing_claim(
                    f"{PAGE}{severity}", older_than=self.timing.page_late, severity=severity
                )
                if route_for(severity, incident.type, self.settings.routes).page
            ],
        )

    def keep_alerts_alive(self) -> None:
        """Send pages again in channels where an alert without updates expires."""
        keeping = [each for each in CHANNELS if each.keep_alive_every]
        if not any(channel.configured(self.settings) for channel in keeping):
            return
        for incident in self.store.incidents(open_only=True, limit=1000):
            page = self.store.claim_result(incident.incident_id, page_key(incident))
            channel = channel_of(page)
            if not (channel and channel.keep_alive_every and channel.configured(self.settings)):
                continue
            every = self.timing.keep_alive
            every = channel.keep_alive_every if every is None else every
            # This claim is never finished: its lease is the interval, for all intakes together.
            key = keep_alive_key(channel.name)
            if self.store.claim(incident.incident_id, key, str(uuid4()), every).state == "held":
                call = partial(channel.keep_alive, incident, self.settings)
                reach(channel, self.settings, call)

    def page_for_missing_runbooks(self) -> None:
        """Page when no runbook has started in time, whatever keeps Prefect from it."""
        self._side_by_side(
            self._page_not_started,
            [
                incident
                for severity in Severity
                for incident in self.store.open_incidents_missing_runbook(
                    severity, older_than=self.timing.runbook_missing
                )
            ],
        )

    def page_for_dead_procedures(self) -> None:
        """Page for what a person began in an intake that has died since: it may be half done."""
        for incident_id in dict.fromkeys(i for i, _ in self.store.unfinished_claims(BY_HAND)):
            for key, claim in self.store.claims(incident_id).items():
                if not key.startswith(BY_HAND) or claim.state != "free" or not claim.holder:
                    continue
                what = key.removeprefix(BY_HAND)
                said = f"the {what} did not end: its process died; look what runs, and finish it"
                entry = uuid5(incident_id, f"{key} {claim.holder} died")
                self.store.record_action(incident_id, said, entry_id=entry)
                failed = f"{PAGE_FAILED_BY_HAND}:{claim.holder.rpartition(' ')[2]}"
                self.page(self.store.incident(incident_id), said, failed)
                self.store.release_claim(incident_id, key, claim.holder)

    def ask_for_leads(self) -> None:
        """Ask for a lead of a P1 or P2 that nobody leads after an hour."""
        for severity in NEEDS_LEAD:
            for incident in self.store.open_incidents_missing_claim(
                LEAD_ASKED, older_than=self.timing.lead_missing, severity=severity
            ):
                try:
                    ask_for_lead(incident, self.settings, holder=f"sweep {uuid4()}")
                except AeefError as error:  # the others are asked all the same
                    log.error("%s: %s", incident.title, error)

    def watch_tickets(self) -> None:
        """Propose to resolve what somebody closed the ticket of."""
        watch_tickets(self.settings, self.timing.tickets)

    def watch_action_tickets(self) -> None:
        """Make tickets of corrective actions; what was closed there is done, to be verified."""
        # Asked seldom, as there may be hundreds, for months: each costs a transaction.
        # What was not looked at, or while Jira is away, waits: pages are sent on time meanwhile.
        if time.monotonic() < self._actions_due:
            return
        self._actions_due = time.monotonic() + self.timing.reviews
        if watch_action_tickets(self.settings, self.timing.tickets):
            self._actions_due = time.monotonic() + self.timing.tickets.total_seconds()

    def watch_reviews(self) -> None:
        """Begin reviews of what is over, and remind people of those that are due."""
        if time.monotonic() >= self._next_reviews:
            self._next_reviews = time.monotonic() + self.timing.reviews
            watch_reviews(self.settings, self.store)

    def change_messages(self) -> None:
        """Change messages that could not be changed in time, for instance for a rate limit."""
        show_overdue(self.settings)

    def open_formal_reviews(self) -> None:
        """Open a formal review of warnings of one kind that are repeated, once."""
        now = time.monotonic()
        if now - self._warnings_at >= self.timing.warnings:
            self._warnings_at = now
            open_formal_reviews(self.store, self.settings)

    def _page_not_started(self, incident: Incident) -> None:
        route = route_for(incident.severity, incident.type, self.settings.routes)
        if route.page or route.rollback:
            reason = "no runbook has started, take over"
            self.page(incident, reason, not_started_key(incident))

    def _side_by_side(
        self, work: Callable[[Incident], None], incidents: Iterable[Incident]
    ) -> None:
        """Do the work in parallel: with a slow pager the hundredth incident would wait for long."""
        if found := list(incidents):
            with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="sweep") as pool:
                list(pool.map(work, found))
