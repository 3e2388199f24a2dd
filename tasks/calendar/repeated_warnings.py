"""Warnings of one kind that are repeated open a formal review, once (REQ-010-13, PRD-STD-010).

A warning is a P3 or P4. Of one kind: the same type and the same service. Often enough within the
time of the settings, counted by when each began; a drill is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.calendar import CalendarReview, Kind, Line, warnings_of
from schemas.errors import OutsideServiceError
from schemas.escalation import length
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.calendar.draw_up import notify
from tasks.calendar.drawn import line_of, section
from tasks.step import log_line
from tasks.store import Store
from tasks.store.calendar.looked_at import Repeated

TO_ANSWER = (
    "what the warnings have in common, and whether they announce something worse",
    "whether the threshold is right, or the product has to change",
    "which corrective actions follow, who does them and by when",
)


def open_formal_reviews(store: Store, settings: Settings, now: datetime | None = None) -> None:
    """Open what is due, and notify people of what they do not know of yet."""
    calendar = settings.calendar
    if not calendar.repeated:
        return
    now, within = now or utc_now(), timedelta(seconds=calendar.repeated_within)
    since = now - within
    for each in store.calendar.seen.repeated(since, calendar.repeated):
        said = _in_words(each, within)
        review = _review(each, since, now, said)
        subject = f"{each.type} {each.service}"
        if store.calendar.open_formal(review, said, subject, since):
            _on_their_records(each, review, store)
    for kind, period in store.calendar.not_notified():
        if kind is Kind.WARNINGS:
            review = store.calendar.of(kind, period)
            try:
                notify(review, review.sections[0].title, settings)
            except OutsideServiceError as error:
                log_line(f"{review.title}: nobody is notified yet: {error}")


def _review(each: Repeated, since: datetime, now: datetime, said: str) -> CalendarReview:
    period = warnings_of(each.type, each.service, since, now)
    return CalendarReview(
        kind=Kind.WARNINGS,
        period=period.name,
        begin=since,
        end=now,
        drawn_at=now,
        sections=(
            section(said, [line_of(one, one.status.value) for one in each.incidents]),
            section("To be answered", [Line(text=question) for question in TO_ANSWER]),
        ),
    )


def _in_words(each: Repeated, within: timedelta) -> str:
    days, rest = divmod(within, timedelta(days=1))
    span = length(within) if rest or not days else f"{days} days"
    return f"{each.times} warnings of type {each.type} of {each.service} within {span}"


def _on_their_records(each: Repeated, review: CalendarReview, store: Store) -> None:
    """On the newest one, which people look at first."""
    newest = each.incidents[-1]
    store.record_action(newest.incident_id, f"{review.title} opened: {review.sections[0].title}")
