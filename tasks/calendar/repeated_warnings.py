"""Warnings of one kind that are repeated open a formal review, once (REQ-010-13, PRD-STD-010).

A warning is a P3 or P4. Of one kind: the same type and the same service. Often enough within the
time of the settings, counted by when each began; a drill is none.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from schemas.calendar import CalendarReview, Kind, Line, warnings_of
from schemas.errors import AuditBroken, OutsideServiceError
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.calendar.draw_up import notify
from tasks.calendar.drawn import MOST_LINES, in_days, line_of, section
from tasks.channels.slack import client as slack
from tasks.step import log_line
from tasks.store import Store
from tasks.store.calendar.looked_at import Repeated

MOST_AT_ONCE = 10
"""The others wait a minute: what else the intake looks after must not wait for them."""
OLD = timedelta(days=7)
"""People are notified of nothing older: of a review, the next one comes."""
FLOW_TRIES = timedelta(minutes=10)
"""So long the flow of a review tries itself."""
TO_ANSWER = (
    "what the warnings have in common, and whether they announce something worse",
    "whether the threshold is right, or the product has to change",
    "which corrective actions follow, who does them and by when",
)


def open_formal_reviews(store: Store, settings: Settings, now: datetime | None = None) -> None:
    """Open what is due, and notify people of what they do not know of yet.

    Also of the other reviews by the calendar: where Slack was away for longer than their flow
    tried, or where that was killed, nobody would ever read what is overdue.
    """
    now = now or utc_now()
    if settings.calendar.repeated:
        _open(store, settings, now)
    if slack.configured(settings):
        _notify(store, settings, now)


def _open(store: Store, settings: Settings, now: datetime) -> None:
    within = timedelta(seconds=settings.calendar.repeated_within)
    since = now - within
    opened = store.calendar.subjects_since(since)
    repeated = store.calendar.seen.repeated(since, settings.calendar.repeated)
    for each in [one for one in repeated if one.subject not in opened][:MOST_AT_ONCE]:
        said = _in_words(each, within)
        newest = store.calendar.seen.newest_of(each, since, MOST_LINES)
        review = _review(each, newest, since, now, said)
        if store.calendar.open_formal(review, said, each.subject, since):
            # On the newest one, which people look at first.
            store.record_action(newest[-1].incident_id, f"{review.title} opened: {said}")


def _notify(store: Store, settings: Settings, now: datetime) -> None:
    for kind, period in store.calendar.not_notified(now - OLD)[:MOST_AT_ONCE]:
        try:
            review = store.calendar.of(kind, period)
        except AuditBroken as error:  # the others are announced all the same
            log_line(str(error), logging.ERROR)
            continue
        if kind is not Kind.WARNINGS and now - review.drawn_at < FLOW_TRIES:
            continue
        try:
            notify(review, _said(review), settings)
        except OutsideServiceError as error:
            log_line(f"{review.title}: nobody is notified yet: {error}")
            return  # the others wait for Slack, too


def _said(review: CalendarReview) -> str:
    """What a review holds, in one sentence."""
    first, *_ = review.sections
    if review.kind is Kind.WARNINGS:
        return first.title
    return f"{first.title}: {len(first.lines)}"


def _review(
    each: Repeated, newest: list[Incident], since: datetime, now: datetime, said: str
) -> CalendarReview:
    period = warnings_of(each.type, each.service, since, now)
    return CalendarReview(
        kind=Kind.WARNINGS,
        period=period.name,
        begin=since,
        end=now,
        drawn_at=now,
        sections=(
            section(said, [line_of(one, one.status.value) for one in newest]),
            section("To be answered", [Line(text=question) for question in TO_ANSWER]),
        ),
    )


def _in_words(each: Repeated, within: timedelta) -> str:
    kind = f"type {each.type} of {each.service}"
    return f"{each.times} warnings of {kind} within {in_days(within)}"
