"""What a review by the calendar looks at: what was detected in its time. Drills are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from schemas.incident import Incident, Severity, Status
from tasks.base.storable import moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import audit, incidents, moments, review_texts, reviews
from tasks.store.records import incident_of

WARNINGS = (Severity.P3, Severity.P4)


class Repeated(NamedTuple):
    """Warnings of one kind; times: how often they began."""

    type: str
    service: str
    times: int

    @property
    def subject(self) -> str:
        """What the formal review of it is about."""
        return f"{self.type} {self.service}"


class LookedAt:
    """Reads what was detected in some time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def detected(
        self, begin: datetime, end: datetime, severities: Sequence[Severity], limit: int
    ) -> list[Incident]:
        """The incidents of these severities that began then, the oldest first, each once."""
        query = (
            select(incidents)
            .join(moments, moments.c.incident_id == incidents.c.id)
            .where(*_within(begin, end), moments.c.occurrence == 1)
            .where(incidents.c.severity.in_([each.value for each in severities]))
            .order_by(moments.c.detected_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [incident_of(row) for row in connection.execute(query)]

    def going_on(self, severity: Severity, limit: int) -> list[Incident]:
        """The incidents of this severity that are not over, the oldest first; no drills."""
        over = [each.value for each in Status if each.is_over]
        query = (
            select(incidents)
            .where(incidents.c.severity == severity.value, incidents.c.status.not_in(over))
            .where(incidents.c.is_drill == 0)
            .order_by(incidents.c.opened_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [incident_of(row) for row in connection.execute(query)]

    def counted(self, column: str, begin: datetime, end: datetime) -> Counter[str]:
        """How many occurrences, by a column of the moments: `type`, `service`, `team`."""
        by = moments.c[column]
        query = select(by, func.count()).where(*_within(begin, end)).group_by(by)
        with self._database.read() as connection:
            return Counter({row[0]: row[1] for row in connection.execute(query)})

    def answered(self, question: str, begin: datetime, end: datetime) -> Counter[str]:
        """How many incidents, by what people answered in their review."""
        query = (
            select(review_texts.c.text, func.count(review_texts.c.incident_id.distinct()))
            .join(moments, moments.c.incident_id == review_texts.c.incident_id)
            .where(*_within(begin, end), review_texts.c.question == question)
            .where(review_texts.c.text != "")
            .group_by(review_texts.c.text)
        )
        with self._database.read() as connection:
            return Counter({row[0]: row[1] for row in connection.execute(query)})

    def reviewed(self, begin: datetime, end: datetime) -> list[UUID]:
        """The incidents of that time whose review was begun."""
        query = (
            select(reviews.c.incident_id.distinct())
            .join(moments, moments.c.incident_id == reviews.c.incident_id)
            .where(*_within(begin, end))
        )
        with self._database.read() as connection:
            return [UUID(each) for each in connection.execute(query).scalars()]

    def oldest(self) -> dict[str, tuple[int, str]]:
        """Of each severity, how many incidents there are, and when the first was detected."""
        query = select(moments.c.severity, func.count(), func.min(moments.c.detected_at))
        first = query.where(moments.c.occurrence == 1).group_by(moments.c.severity)
        with self._database.read() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(first)}

    def general(self, begins: str, begin: datetime, end: datetime) -> list[tuple[str, str]]:
        """Entries of no incident that begin with this: when, and what; the oldest first."""
        query = (
            select(audit.c.timestamp, audit.c.action)
            .where(
                audit.c.incident_id.is_(None), audit.c.action.startswith(begins, autoescape=True)
            )
            .where(audit.c.timestamp >= moment_text(begin), audit.c.timestamp <= moment_text(end))
            .order_by(audit.c.seq)
        )
        with self._database.read() as connection:
            return [(row.timestamp, row.action) for row in connection.execute(query)]

    def repeated(self, since: datetime, times: int) -> list[Repeated]:
        """The kinds of P3 and P4 that began so often since then."""
        kind = (moments.c.type, moments.c.service)
        often = select(*kind, func.count().label("times")).where(*_lately(since)).group_by(*kind)
        with self._database.read() as connection:
            found = connection.execute(often.having(func.count() >= times)).all()
        return [Repeated(row.type, row.service, row.times) for row in found]

    def newest_of(self, kind: Repeated, since: datetime, limit: int) -> list[Incident]:
        """The newest incidents of a kind, the oldest of them first."""
        those = select(moments.c.incident_id).where(
            *_lately(since), moments.c.type == kind.type, moments.c.service == kind.service
        )
        newest = incidents.c.opened_at.desc()
        query = select(incidents).where(incidents.c.id.in_(those)).order_by(newest).limit(limit)
        with self._database.read() as connection:
            return [incident_of(row) for row in connection.execute(query)][::-1]


def _lately(since: datetime) -> tuple[Any, ...]:
    return (
        moments.c.detected_at > moment_text(since),
        moments.c.is_drill == 0,
        moments.c.severity.in_([each.value for each in WARNINGS]),
        moments.c.service != "",
    )


def _within(begin: datetime, end: datetime) -> tuple[Any, ...]:
    at = moments.c.detected_at
    return at >= moment_text(begin), at < moment_text(end), moments.c.is_drill == 0
