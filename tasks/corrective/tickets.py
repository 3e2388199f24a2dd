"""The Jira tickets of corrective actions: made, watched, closed. Jira's word verifies nothing."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import uuid4

from schemas.corrective import CorrectiveAction, Stage, Turned
from schemas.corrective.transitions import mark_done, put_ticket
from schemas.errors import AeefError, PermanentError
from schemas.settings import Settings
from tasks.base.http import Unclear
from tasks.base.network.deadline import deadline, seconds_left
from tasks.channels.jira.action_ticket import ensure_action_ticket
from tasks.channels.jira.client import SERVICE, configured
from tasks.channels.jira.closing import close, is_closed
from tasks.corrective.notices import send_notices
from tasks.store import open_store
from tasks.store.claim_keys import corrective_key

ROUND_SECONDS = 10.0
_log = logging.getLogger("aeef.corrective")


def ensure_ticket(action: CorrectiveAction, settings: Settings, *, holder: str) -> str:
    """Its ticket's key, found or created; empty: Jira is not configured, or another makes it.

    One that is open again keeps its earlier ticket while that is open.

    Jira's search does not find a new ticket at once: so one caller creates it. Raises
    OutsideServiceError: it is tried again by `watch_action_tickets`.
    """
    if action.ticket or not configured(settings):
        return action.ticket or ""
    store = open_store(settings)
    incident = store.incident(action.incident_id)
    claim = corrective_key(action.number, f"ticket:{action.times_opened}")
    with store.once(
        incident.incident_id, claim, holder, may_be_done=lambda e: isinstance(e, Unclear)
    ) as turn:
        if turn.is_mine:
            key = _still_open(action, settings)
            turn.finish({"key": key or ensure_action_ticket(action, incident, settings).key})
    key = str(turn.result.get("key", ""))
    if key:
        store.corrective.change(action.number, lambda now, _at: _with(now, key, action))
    return key


def _with(now: CorrectiveAction, key: str, meant: CorrectiveAction) -> Turned | None:
    """Not when it was opened again meanwhile: then it needs another one."""
    return put_ticket(now, key) if now.times_opened == meant.times_opened else None


def watch_action_tickets(settings: Settings, every: timedelta) -> bool:
    """Make the tickets that are missing; what somebody closed there is done, and to be verified.

    Each is looked at once in so long, whichever intake does; for a few seconds at most: then
    False, and the rest is left for the next round.
    Raises TemporaryError when Jira does not answer: the rest is looked at later.
    """
    if not configured(settings):
        return True
    with deadline(ROUND_SECONDS):
        for action in open_store(settings).corrective.unsettled().logged():
            if seconds_left() == 0:
                return False
            try:
                _watch(action, settings, every)
            except PermanentError as error:  # of this ticket: the others are looked at
                _log.warning("%s: %s", action.reference, error)
    return True


def _watch(action: CorrectiveAction, settings: Settings, every: timedelta) -> None:
    store, holder = open_store(settings), str(uuid4())
    if action.ticket and action.stage is not Stage.OPEN:
        return
    # This claim is never finished: its lease is the interval, for all intakes together.
    key = corrective_key(action.number, "ticket-watched")
    if store.claim(action.incident_id, key, holder, every).state != "held":
        return
    if not action.ticket:
        ensure_ticket(action, settings, holder=holder)
    elif is_closed(action.ticket, settings, tries=1):
        ticket = action.ticket

        def closed(now: CorrectiveAction, at: datetime) -> Turned | None:
            if now.stage is not Stage.OPEN or now.ticket != ticket:
                return None
            return mark_done(now, at, SERVICE.name, f"the ticket {ticket} was closed there")

        after, changed = store.corrective.change(action.number, closed, actor=SERVICE.name)
        if changed:
            send_notices(after, settings)


def closed_ticket(action: CorrectiveAction, settings: Settings) -> str:
    """Close its ticket now that it is verified; one sentence, empty when it has none.

    Never raises: a ticket that stays open does not take the verification back.
    """
    if not action.ticket or not configured(settings):
        return ""
    try:
        problem = close(action.ticket, settings)
    except AeefError as error:
        problem = str(error)
    return f"ticket {action.ticket} stays open: {problem}" if problem else ""


def _still_open(action: CorrectiveAction, settings: Settings) -> str:
    """Its earlier ticket, which goes on; empty: it has none, or that is closed or gone."""
    if not action.earlier_ticket:
        return ""
    try:
        return "" if is_closed(action.earlier_ticket, settings, tries=1) else action.earlier_ticket
    except PermanentError:
        return ""
