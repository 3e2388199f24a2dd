"""Proves each minute that the next step of every open page is on time, and pages when it is not."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from deployments.intake.intervals import Timing
from schemas.escalation import length
from schemas.incident import Incident
from schemas.model import utc_now
from tasks.store import Store
from tasks.store.claim_keys import escalation_late_key

MISSED = 3
"""So many rounds of its own may be missed before the watch itself counts as dead."""

log = logging.getLogger("aeef.escalations")


class EscalationWatch:
    """Beside the loop that it watches, in a thread of its own.

    page: sends a page for an incident, with its reason and key; never raises.
    """

    def __init__(
        self, store: Store, page: Callable[[Incident, str, str], None], timing: Timing
    ) -> None:
        self._store = store
        self._page = page
        self._timing = timing
        self._proved_at = time.monotonic()
        self._late = 0

    def run(self) -> None:
        """One look at all of them."""
        for incident in self._store.escalations.missing(self._timing.escalation_late):
            log.warning("%s had no escalation: it begins now", incident.title)
            self._store.escalations.start(incident)
        late = self._store.escalations.late(self._timing.escalation_late)
        self._late, self._proved_at = len(late), time.monotonic()
        for state, incident in late:
            by = length(utc_now() - state.due_at) if state.due_at else "long"
            reason = f"the escalation is late by {by}: call who is next yourself"
            log.error("%s: %s", incident.title, reason)
            self._page(incident, reason, escalation_late_key(incident, state.done))

    def problem(self) -> str | None:
        """What `/health` says, with the remedy; None when every step is on time."""
        if self._late:
            return f"{self._late} escalations are late: look at the intake's log, restart it"
        unproved = time.monotonic() - self._proved_at
        if unproved > MISSED * self._timing.watch + self._timing.escalation_late.total_seconds():
            said = length(timedelta(seconds=unproved))
            return (
                f"nobody has looked for {said} whether escalations are on time: restart the intake"
            )
        return None
