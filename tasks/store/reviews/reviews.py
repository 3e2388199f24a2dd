"""The reviews of one database: each change with its entry on the incident's record."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from schemas.incident import Incident, IncidentType, Status
from schemas.lifecycle import NEEDS_REVIEW
from schemas.review import Answer, Facts, Review, State
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.readable import Readable, readable
from tasks.store.database.tables import (
    BEING_WRITTEN,
    incidents,
    review_history,
    review_texts,
    reviews,
    standings,
)
from tasks.store.lifecycle.standings import standing_of
from tasks.store.records import Change, find, incident_of
from tasks.store.reviews import drafting, stages, writing
from tasks.store.reviews.rows import answer_of, review_in
from tasks.store.reviews.writing import OURS

BEGUN_WITHIN = timedelta(days=30)
"""Of incidents that were opened longer ago, nobody is asked for a review all at once."""
AT_ONCE = 100


class Reviewed(NamedTuple):
    """A review after an act. changed: False: it was so before."""

    incident: Incident
    review: Review
    changed: bool


class Reviews:
    """Begin, write, complete, read, and find them: `store.reviews`. Texts are masked here."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    def of(self, incident_id: UUID | str) -> Review | None:
        """The review of an incident; None: none was begun."""
        with self._log.database.read() as connection:
            return review_in(connection, find(connection, incident_id).id)

    def history(self, incident_id: UUID | str, question: str) -> list[Answer]:
        """What was written for a question, each as its author left it, the oldest first."""
        with self._log.database.read() as connection:
            wanted = find(connection, incident_id).id
            is_it = (review_history.c.incident_id == wanted) & (
                review_history.c.question == question
            )
            query = select(review_history).where(is_it).order_by(review_history.c.revision)
            return [answer_of(row) for row in connection.execute(query)]

    def begin(self, incident_id: UUID | str, due_at: datetime, *, actor: str = OURS) -> Reviewed:
        """Begin it, once for each end of its incident. Raises NotPossibleNow while that goes on."""

        def work(change: Change) -> bool:
            row = find(change.chain.connection, change.incident.incident_id)
            standing = standing_of(change.chain.connection, row)
            return stages.begin(change, standing, due_at, actor)

        return self._do(incident_id, work)

    def draft(self, incident_id: UUID | str, facts: Facts) -> Reviewed:
        """Keep what the record says; once people have completed it, only what was never drafted."""
        return self._do(incident_id, lambda change: drafting.draft(change, facts))

    def ask_draft(self, incident_id: UUID | str, *, actor: str) -> Reviewed:
        """Somebody wants it drafted again; what people wrote stays. Raises NotPossibleNow."""
        return self._do(incident_id, lambda change: drafting.ask_draft(change, actor))

    def answer(
        self,
        incident_id: UUID | str,
        question: str,
        text: str,
        *,
        actor: str,
        seen: int,
        goes_on: bool = False,
    ) -> Answer:
        """Write the text of a question. seen: the revision that its writer saw; 0: none yet.

        goes_on: it is saved while its writer writes on, so that an audit entry is made later: by
        `end_runs`, by the next writer, or when the review is completed.
        Raises NotPossibleNow when somebody else wrote it meanwhile, and names them.
        """
        text = clean_text(self._masked(text))

        def work(chain: Chain) -> Answer:
            change = _change(chain, incident_id)
            return writing.write(change, question, text, actor, seen, goes_on=goes_on)

        return self._log.change(work)

    def complete(self, incident_id: UUID | str, *, actor: str) -> Reviewed:
        """Somebody says that it is complete; NotPossibleNow names what is missing."""
        return self._do(incident_id, lambda change: stages.complete(change, actor))

    def read(
        self, incident_id: UUID | str, *, actor: str, readers: Collection[str] | None = None
    ) -> Reviewed:
        """Somebody else has read it. readers: the names of everybody who may; None: not known.

        Raises NotPossibleNow for whoever wrote some of it, unless all of them did.
        """
        return self._do(incident_id, lambda change: stages.read(change, actor, readers))

    def end_runs(self, idle_since: datetime) -> Readable[int]:
        """Put on record what nobody has changed since then; how many texts of each review."""
        before = moment_text(idle_since)
        query = (
            select(review_texts.c.incident_id)
            .where(BEING_WRITTEN, review_texts.c.at <= before)
            .distinct()
            .limit(AT_ONCE)
        )
        with self._log.database.read() as connection:
            ids = list(connection.execute(query).scalars())

        def end(chain: Chain, of: str) -> int:
            return writing.end_runs(_change(chain, of), before=before)

        # A transaction for each: one that cannot be read keeps no other from being on record.
        return readable(ids, str, lambda each: self._log.change(lambda chain: end(chain, each)))

    def lacking(self, now: datetime) -> list[Incident]:
        """Resolved incidents that need a review which was not begun, the oldest first."""
        grave = [each.value for each in NEEDS_REVIEW]
        # Apart: each has an index of its own.
        found = [
            *self._lacking(incidents.c.severity.in_(grave), now),
            *self._lacking(standings.c.reviewed_as.is_not(None), now),
        ]
        return list({each.incident_id: each for each in found}.values())

    def _lacking(self, is_grave: ColumnElement[bool], now: datetime) -> list[Incident]:
        query = (
            select(incidents)
            .outerjoin(reviews, reviews.c.incident_id == incidents.c.id)
            .outerjoin(standings, standings.c.incident_id == incidents.c.id)
            .where(
                # All types: so the index over type, severity and status finds few rows.
                incidents.c.type.in_([each.value for each in IncidentType]),
                is_grave,
                incidents.c.status == Status.RESOLVED.value,
                incidents.c.opened_at >= moment_text(now - BEGUN_WITHIN),
                incidents.c.is_drill == 0,
                standings.c.merged_into.is_(None),
                reviews.c.incident_id.is_(None) | (reviews.c.waits == 1),
            )
            .order_by(incidents.c.opened_at)
            .limit(AT_ONCE)
        )
        with self._log.database.read() as connection:
            return [incident_of(row) for row in connection.execute(query)]

    def with_answer(self, question: str, text: str, limit: int) -> list[Incident]:
        """The newest incidents whose review has this text for the question."""
        query = (
            select(incidents)
            .join(review_texts, review_texts.c.incident_id == incidents.c.id)
            .where(review_texts.c.question == question, review_texts.c.text == text)
            .order_by(incidents.c.opened_at.desc())
            .limit(limit)
        )
        with self._log.database.read() as connection:
            return [incident_of(row) for row in connection.execute(query)]

    def due(
        self, before: datetime, *, after: UUID | str = "", limit: int | None = None
    ) -> Readable[tuple[Incident, Review]]:
        """Those that nobody has read yet and that are due, the oldest first.

        after: only those that come after the one of this incident. limit: None: all of them.
        """
        query = (
            select(reviews.c.incident_id)
            .join(incidents, incidents.c.id == reviews.c.incident_id)
            .where(
                reviews.c.state != State.READ.value,
                reviews.c.due_at <= moment_text(before),
                reviews.c.waits == 0,
                incidents.c.status == Status.RESOLVED.value,
            )
            .order_by(reviews.c.due_at, reviews.c.incident_id)
            .limit(limit)
        )
        with self._log.database.read() as connection:
            if after:
                query = query.where(_comes_after(connection, find(connection, after).id))
            ids = connection.execute(query).scalars().all()
            return readable(ids, str, lambda each: _with_review(connection, each))

    def _do(self, incident_id: UUID | str, work: Callable[[Change], bool]) -> Reviewed:
        def transaction(chain: Chain) -> Reviewed:
            change = _change(chain, incident_id)
            changed = work(change)
            review = review_in(chain.connection, str(change.incident.incident_id))
            assert review is not None
            return Reviewed(change.incident, review, changed)

        return self._log.change(transaction)


def _comes_after(connection: Connection, incident_id: str) -> ColumnElement[bool]:
    """In the order of the days on which they are due. Also of one that was read meanwhile."""
    its = select(reviews.c.due_at).where(reviews.c.incident_id == incident_id)
    due_at = connection.execute(its).scalar() or ""
    is_same_day = reviews.c.due_at == due_at
    return (reviews.c.due_at > due_at) | (is_same_day & (reviews.c.incident_id > incident_id))


def _with_review(connection: Connection, incident_id: str) -> tuple[Incident, Review]:
    review = review_in(connection, incident_id)
    assert review is not None
    return incident_of(find(connection, incident_id)), review


def _change(chain: Chain, incident_id: UUID | str) -> Change:
    return Change(chain, incident_of(find(chain.connection, incident_id)))
