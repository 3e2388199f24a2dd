"""How long the intake waits before it repeats what has not happened yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from schemas.lifecycle import LEAD_WITHIN
from tasks.webhooks.send import WAITS


class Timing(NamedTuple):
    """The intake's intervals; only tests use other values.

    look, ring, sweep, escalate, watch, health, webhooks: seconds between two rounds of these
    threads; an alert wakes the first. ring: for pages that nothing which rings has taken yet.
    listen: seconds between two looks at who of the senders has fallen silent.
    page_late, runbook_missing: the age of an incident at which its page is sent again, and the
    on-call is paged that no runbook has started.
    lead_missing: the age of a P1 or P2 at which a lead is asked for.
    escalation_late: how late a step may be before the watch pages for it.
    tickets: between two looks at a ticket.
    reviews: seconds between two rounds over the reviews.
    warnings: seconds between two looks for warnings that are repeated.
    webhook_waits: seconds before each further try of an event that a receiver did not take.
    keep_alive: between two sends of an alert that would expire; None: the channel's own interval.
    """

    look: float = 2.0
    sweep: float = 5.0
    escalate: float = 1.0
    watch: float = 60.0
    ring: float = 1.0
    health: float = 2.0
    listen: float = 5.0
    webhooks: float = 1.0
    page_late: timedelta = timedelta(seconds=10)
    runbook_missing: timedelta = timedelta(minutes=5)
    lead_missing: timedelta = LEAD_WITHIN
    escalation_late: timedelta = timedelta(seconds=30)
    webhook_waits: Sequence[float] = WAITS
    keep_alive: timedelta | None = None
    tickets: timedelta = timedelta(minutes=5)
    reviews: float = 60.0
    warnings: float = 60.0


USUAL = Timing()
