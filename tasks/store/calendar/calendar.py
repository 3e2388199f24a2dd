"""The reviews by the calendar of one database: each change with its entry in the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import NoResultFound

from schemas.calendar import Attended, CalendarReview, Kind
from schemas.errors import AuditBroken, InvalidInput
from schemas.incident import canonical_json, hash_of_text
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.calendar.looked_at import LookedAt
from tasks.store.database.readable import Readable, readable
from tasks.store.database.tables import audit, calendar_reviews

OURS = "aeef-runbooks"
LEASE = timedelta(minutes=2)


class CalendarReviews:
    """Keep, find, and who attended: `store.calendar`. Texts are masked here.

    seen: what was detected in some time.
    """

    def __init__(self, log: AuditLog, masked_json: Callable[[Any], Any]) -> None:
        self._log = log
        self._masked_json = masked_json
        self.seen = LookedAt(log.database)

    def keep(self, review: CalendarReview, said: str) -> bool:
        """Put a new one on record. False, without a change, when there is one of its period.

        said: in one sentence, what it holds.
        """
        return self._log.change(lambda chain: self._keep(chain, review, said))

    def of(self, kind: Kind, period: str) -> CalendarReview:
        """One of them. Raises InvalidInput when there is none, AuditBroken when it was changed."""
        with self._log.database.read() as connection:
            return review_of(connection, _found(connection, kind, period))

    def newest(self, kind: Kind | None = None, limit: int = 100) -> Readable[CalendarReview]:
        """The newest first; kind: only these."""
        query = select(calendar_reviews).order_by(calendar_reviews.c.drawn_at.desc()).limit(limit)
        if kind is not None:
            query = query.where(calendar_reviews.c.kind == kind.value)
        with self._log.database.read() as connection:
            return readable(
                connection.execute(query).all(),
                lambda row: f"{row.kind} {row.period}",
                lambda row: review_of(connection, row),
            )

    def attend(
        self, kind: Kind, period: str, people: tuple[str, ...], decided: str, *, actor: str
    ) -> CalendarReview:
        """Put on record who attended and what was decided, by the word of the actor.

        The same again changes nothing. Raises InvalidInput.
        """

        def work(chain: Chain) -> CalendarReview:
            before = review_of(chain.connection, _found(chain.connection, kind, period))
            given = {"people": people, "decided": decided, "actor": actor, "at": chain.now}
            said = self._made(given)
            if any((each.people, each.decided) == (said.people, said.decided)
                   for each in before.attended):  # fmt: skip
                return before
            after = before.model_copy(update={"attended": (*before.attended, said)})
            text = f"{after.title}: attended by {', '.join(said.people)}"
            self._write(chain, after, text, actor)
            return after

        return self._log.change(work)

    def lease_notice(self, kind: Kind, period: str) -> bool:
        """True for the one who is to notify people of it now."""

        def work(connection: Connection) -> bool:
            now = self._log.database.lease_now(connection)
            until = calendar_reviews.c.leased_until
            free = or_(until.is_(None), until <= moment_text(now))
            mine = update(calendar_reviews).where(
                _is_it(kind, period), calendar_reviews.c.notified_at.is_(None), free
            )
            values = {"leased_until": moment_text(now + LEASE)}
            return connection.execute(mine.values(**values)).rowcount == 1

        return self._log.database.write(work)

    def notified(self, kind: Kind, period: str, *, done: bool) -> None:
        """They were notified; done: False: they were not, and somebody is to try again."""

        def work(connection: Connection) -> None:
            at = moment_text(self._log.clock()) if done else None
            change = update(calendar_reviews).where(_is_it(kind, period))
            connection.execute(change.values(notified_at=at, leased_until=None))

        self._log.database.write(work)

    def not_notified(self, since: datetime) -> list[tuple[Kind, str]]:
        """Those drawn up since then of which nobody was notified yet, the oldest first."""
        columns = calendar_reviews.c
        query = select(columns.kind, columns.period).where(
            columns.notified_at.is_(None), columns.drawn_at > moment_text(since)
        )
        with self._log.database.read() as connection:
            found = connection.execute(query.order_by(columns.drawn_at))
            return [(Kind(row.kind), row.period) for row in found]

    def subjects_since(self, since: datetime) -> set[str]:
        """What formal reviews were opened about since then."""
        query = select(calendar_reviews.c.subject).where(
            calendar_reviews.c.subject != "", calendar_reviews.c.drawn_at > moment_text(since)
        )
        with self._log.database.read() as connection:
            return set(connection.execute(query).scalars())

    def open_formal(self, review: CalendarReview, said: str, subject: str, since: datetime) -> bool:
        """As `keep`, unless one about this subject was opened since then."""

        def work(chain: Chain) -> bool:
            there = select(calendar_reviews.c.period).where(
                calendar_reviews.c.subject == subject,
                calendar_reviews.c.drawn_at > moment_text(since),
            )
            if chain.connection.execute(there).first() is not None:
                return False
            return self._keep(chain, review, said, subject)

        return self._log.change(work)

    def _keep(self, chain: Chain, review: CalendarReview, said: str, subject: str = "") -> bool:
        there = select(calendar_reviews.c.period).where(_is_it(review.kind, review.period))
        if chain.connection.execute(there).first() is not None:
            return False
        masked = CalendarReview.model_validate(self._masked_json(review.to_json()))
        row = {
            "kind": review.kind.value,
            "period": review.period,
            "subject": subject,
            "drawn_at": moment_text(review.drawn_at),
            "document": "",
        }
        chain.connection.execute(insert(calendar_reviews).values(**row))
        self._write(chain, masked, f"{review.title} drawn up: {said}", OURS)
        return True

    def _made(self, given: dict[str, Any]) -> Attended:
        try:
            made = Attended.model_validate(given)
            return Attended.model_validate(self._masked_json(made.to_json()) | {
                "actor": made.actor, "at": made.at})  # fmt: skip
        except ValidationError as error:
            names = ", ".join(str(each["loc"][0]) for each in error.errors())
            raise InvalidInput(
                f"who attended and what was decided cannot be kept: {names}"
            ) from None

    def _write(self, chain: Chain, review: CalendarReview, text: str, actor: str) -> None:
        document = canonical_json(review.to_json())
        entry = chain.append(
            None,
            text,
            actor=actor,
            automated=actor == OURS,
            details={"calendar": {"kind": review.kind, "period": review.period},
                     "document": hash_of_text(document)},
        )  # fmt: skip
        change = update(calendar_reviews).where(_is_it(review.kind, review.period))
        chain.connection.execute(change.values(document=document, entry=entry.seq))


def _is_it(kind: Kind, period: str) -> Any:
    return (calendar_reviews.c.kind == kind.value) & (calendar_reviews.c.period == period)


def _found(connection: Connection, kind: Kind, period: str) -> Row[Any]:
    row = connection.execute(select(calendar_reviews).where(_is_it(kind, period))).one_or_none()
    if row is None:
        raise InvalidInput(
            f"there is no {kind.value} review {period[:40]!a}; `aeef calendar list` shows all"
        )
    return row


def review_of(connection: Connection, row: Row[Any]) -> CalendarReview:
    """A row as a review, as its audit entry sealed it. Raises AuditBroken."""
    try:
        sealed = select(audit.c.details).where(audit.c.seq == row.entry)
        details = json.loads(connection.execute(sealed).scalar_one())
        if details["document"] != hash_of_text(row.document):
            raise ValueError("it is not what its audit entry sealed")  # noqa: TRY301 (said below)
        return CalendarReview.model_validate(json.loads(row.document))
    except (NoResultFound, KeyError, TypeError, ValueError) as error:
        raise AuditBroken(
            f"the {row.kind} review {row.period} cannot be read: it was changed outside AEEF "
            "Runbooks; `aeef audit verify` reports more"
        ) from error
