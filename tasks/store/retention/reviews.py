"""Disposes of reviews by the calendar: records of governance, for which AEEF asks three years.

One that names an incident which is still kept stays: so it is kept as long as the longest of them,
and under each legal hold on one of them. Its entries in the audit log stay.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, tuple_

from schemas.calendar import CalendarReview
from schemas.incident import hash_of_text
from schemas.retention import due_at, years_before
from tasks.base.storable import moment_text
from tasks.store.audit.audit import Chain
from tasks.store.calendar.calendar import review_of
from tasks.store.database.readable import readable
from tasks.store.database.tables import calendar_reviews, incidents
from tasks.store.retention.sealed_holds import DISPOSED_REVIEWS


class DueReview(NamedTuple):
    """One whose time is over. ended_at: when it was drawn up, or somebody last attended.

    document: the hash of all of it.
    """

    review: CalendarReview
    ended_at: datetime
    due_at: datetime
    document: str


def due_reviews(connection: Connection, now: datetime, years: int) -> list[DueReview]:
    """Those that may go now, the oldest first; what was changed outside stays, to be looked at."""
    old = calendar_reviews.c.drawn_at < moment_text(years_before(now, years))
    query = select(calendar_reviews).where(old).order_by(calendar_reviews.c.drawn_at)
    found = []
    rows = readable(
        connection.execute(query).all(),
        lambda row: f"{row.kind} {row.period}",
        lambda row: (review_of(connection, row), row.document),
    )
    for review, document in rows.logged():
        ended = max([review.drawn_at, *(each.at for each in review.attended)])
        over = due_at(ended, years)
        if over <= now and not _is_one_kept(connection, review.incidents):
            found.append(DueReview(review, ended, over, hash_of_text(document)))
    return found


def dispose_reviews(chain: Chain, years: int, actor: str) -> int:
    """Dispose of those that may go now, in this transaction, on record; how many."""
    due = due_reviews(chain.connection, chain.now, years)
    if not due:
        return 0
    key = tuple_(calendar_reviews.c.kind, calendar_reviews.c.period)
    gone = [(each.review.kind.value, each.review.period) for each in due]
    chain.connection.execute(delete(calendar_reviews).where(key.in_(gone)))
    listed = [
        {
            "kind": each.review.kind.value,
            "period": each.review.period,
            "endedAt": moment_text(each.ended_at),
            "dueAt": moment_text(each.due_at),
            "document": each.document,
        }
        for each in due
    ]
    some = ", ".join(each.review.title for each in due[:3])
    more = f" and {len(due) - 3} more" if len(due) > 3 else ""
    chain.append(
        None,
        f"disposed of reviews by the calendar ({some}{more}): kept for as long as the settings say",
        actor=actor,
        automated=True,
        details={DISPOSED_REVIEWS: listed},
    )
    return len(due)


def _is_one_kept(connection: Connection, numbers: Collection[int]) -> bool:
    query = select(incidents.c.id).where(incidents.c.number.in_(numbers)).limit(1)
    return connection.execute(query).first() is not None
