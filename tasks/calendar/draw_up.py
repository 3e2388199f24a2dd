"""Draws up the review of a period, once, whoever asks and however often; people are notified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from schemas.calendar import CalendarReview, Kind, Period, last_period
from schemas.errors import OutsideServiceError
from schemas.incident import SlackChannel
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.calendar.drawn import Drawn
from tasks.calendar.monthly import monthly
from tasks.calendar.quarterly import quarterly
from tasks.calendar.weekly import weekly
from tasks.calendar.wording import brief
from tasks.channels.slack import client as slack
from tasks.store import Store, open_store

DRAW: dict[Kind, Callable[[Period, datetime, Store, Settings], Drawn]] = {
    Kind.WEEKLY: weekly,
    Kind.MONTHLY: monthly,
    Kind.QUARTERLY: quarterly,
}


class Outcome(NamedTuple):
    """is_new: it was drawn up now. said: what came of it, in one sentence."""

    review: CalendarReview
    is_new: bool
    said: str


def draw_up(kind: Kind, settings: Settings, now: datetime | None = None) -> Outcome:
    """The review of the newest period that is over; one that is on record stays as it is.

    Raises OutsideServiceError when Slack did not take the message: it is on record, and asking
    again sends only that.
    """
    now = now or utc_now()
    store = open_store(settings)
    period = last_period(kind, now, settings.calendar.zone)
    drawn = DRAW[kind](period, now, store, settings)
    review = CalendarReview(
        kind=kind,
        period=period.name,
        begin=period.begin,
        end=period.end,
        drawn_at=now,
        sections=drawn.sections,
        not_seen=drawn.not_seen,
    )
    is_new = store.calendar.keep(review, drawn.said)
    review = store.calendar.of(kind, period.name)
    how = notify(review, drawn.said, settings)
    drawn_up = "drawn up" if is_new else "was drawn up before"
    return Outcome(review, is_new, f"{review.title} {drawn_up}: {drawn.said}; {how}")


def notify(review: CalendarReview, said: str, settings: Settings) -> str:
    """Post it to Slack's channel for information, once. Raises OutsideServiceError."""
    store = open_store(settings)
    if not slack.configured(settings):
        return "nobody was notified: Slack is not configured"
    if not store.calendar.lease_notice(review.kind, review.period):
        return "somebody else has notified people, or is about to"
    channel = settings.slack.channels[SlackChannel.INFO]
    try:
        slack.write_to(channel, brief(review, said, settings), settings)
    except OutsideServiceError:
        store.calendar.notified(review.kind, review.period, done=False)
        raise
    store.calendar.notified(review.kind, review.period, done=True)
    return f"posted in {channel}"
