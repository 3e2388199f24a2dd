"""Notifies people of a regulatory clock: reminders before it runs out, an alarm when it has."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.breach import Clock, Standing, length
from schemas.errors import TemporaryError
from schemas.incident import Incident, Severity
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.breach.breach_facts import clocks_for
from tasks.breach.clocks.timers import AT_DUE, AT_ONCE, AT_START, moment_of, point_of, ring_name
from tasks.case import Case
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.page_on_call import ensure_page
from tasks.notify.stand_down import resolve_one_page
from tasks.step import log_line, step
from tasks.store import Store, open_store
from tasks.store.claim_keys import (
    CLOCK_PAGE,
    CLOCK_RING,
    clock_page_key,
    clock_ring_key,
)

LEASE = timedelta(minutes=5)


@step("ring the regulatory clock", says=lambda _text: None, timeout=300)
def ring_clock(case: Case, regime: str, deadline: str, due: str, point: str) -> str | None:
    """Page, post to the thread and record, once for each timer; return the message.

    None, without doing anything, when it is moot: submitted, not applicable, moved, or a later
    timer of the same clock is due as well. It rings even when the incident is resolved.
    """
    settings, holder = case.settings, case.holder
    store = case.store
    incident = case.incident
    key = f"{regime}/{deadline}"
    clock = next((each for each in clocks_for(incident, settings) if each.key == key), None)
    if why := moot(clock, due, point, settings, utc_now()):
        log_line(f"{key}: nothing to say: {why}")
        return None
    assert clock is not None
    ring = clock_ring_key(key, due, point)
    with store.once(incident.incident_id, ring, holder, lease=LEASE) as turn:
        if turn.state == "busy":
            raise TemporaryError("the regulatory clock", "another run is telling it", retry_after=1)
        if not turn.is_mine:
            return None
        text = _first_words(incident, ring, clock, store)
        ensure_page(
            incident.incident_id,
            settings,
            holder=holder,
            key=clock_page_key(key, due, point),
            reason=text,
            wait=True,
            even_if_over=True,
            severity=Severity.P1 if clock.is_overdue(utc_now()) else None,
        )
        reply_in_thread(case.incident_id, text, settings, holder=holder)
        turn.finish({"text": text})
    return text


def _first_words(incident: Incident, ring: str, clock: Clock, store: Store) -> str:
    """The message of the first attempt, recorded, so that a retry minutes later repeats it."""
    store.finish_claim(incident.incident_id, f"{ring}:text", "text", {"text": words(clock)})
    text = str((store.claim_result(incident.incident_id, f"{ring}:text") or {})["text"])
    identity = f"aeef:{incident.incident_id}/{ring}"
    store.record_action(incident.incident_id, text, entry_id=uuid5(NAMESPACE_URL, identity))
    log_line(text)
    return text


def spoken_clocks(incident: Incident, settings: Settings) -> frozenset[str]:
    """`ring_name` of every clock that has rung."""
    claims = open_store(settings).claims(incident.incident_id)
    return frozenset(
        key.removeprefix(CLOCK_RING).rpartition(":")[0]
        for key in claims
        if key.startswith(CLOCK_RING)
    )


def moot(
    clock: Clock | None, due: str, point: str, settings: Settings, now: datetime
) -> str | None:
    """Why a timer is moot; None when it is not."""
    if clock is None:
        return "the regime is not configured any longer"
    if not clock.is_open:
        return clock.in_words(now)
    if moment_of(clock) != due:
        return f"the deadline moved to {moment_of(clock)}"
    end = clock.deadline.due_at
    if point == AT_DUE or end is None:
        return None
    return _spoken_for(point, [end - span for span in settings.breach.remind_before], end, now)


def _spoken_for(point: str, reminders: list[datetime], end: datetime, now: datetime) -> str | None:
    """Why another timer of the same clock replaces this reminder; None when none does."""
    if now >= end:
        return "the deadline has passed; its alarm reports that"
    begun = [moment for moment in reminders if now >= moment]
    if point in (AT_START, AT_ONCE) or not begun or point == point_of(end - max(begun)):
        return None
    return "a later reminder is due as well"


def words(clock: Clock) -> str:
    """The message for the page, Slack and the record."""
    deadline, now = clock.deadline, utc_now()
    whom = f"notification to the {deadline.addressee} ({deadline.legal_basis})"
    end = "`aeef breach submitted` when it is made"
    if clock.is_overdue(now) and deadline.due_at:
        late = length(now - deadline.due_at)
        return (
            f"OVERDUE {clock.key}: the {whom} was due {deadline.due_text}, {late} ago, and nobody"
            f" says that it was made; give the reasons for the delay with it; {end}"
        )
    if clock.standing is Standing.DUE_AT_ONCE:
        return f"REMINDER {clock.key}: the {whom} is due without undue delay: now; {end}"
    return (
        f"REMINDER {clock.key}: the {whom} is due {deadline.due_text}, {clock.in_words(now)}; {end}"
    )


def silence_clocks(incident_id: str | UUID, settings: Settings) -> None:
    """Resolve the pages for deadlines that are met, do not apply, or moved.

    Safe to repeat. Raises TemporaryError or PermanentError.
    """
    store = open_store(settings)
    incident = store.incident(incident_id)
    running = {ring_name(each) for each in clocks_for(incident, settings) if each.is_open}
    for key, claim in store.claims(incident.incident_id).items():
        name = key.removeprefix(CLOCK_PAGE).rpartition(":")[0]
        if not key.startswith(CLOCK_PAGE) or name in running:
            continue
        if claim.result is None and store.untaken_page(incident.incident_id, key) is None:
            continue
        resolve_one_page(incident, key, settings)
