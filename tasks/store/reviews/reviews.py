"""The reviews of one database: each change with its entry on the incident's record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, insert, select, update

from schemas.errors import AuditBroken, NotPossibleNow
from schemas.incident import Incident, canonical_json
from schemas.review import Answer, Review, State
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import review_texts, reviews
from tasks.store.records import Change, find, incident_of

OURS = "aeef-runbooks"


class Reviews:
    """Begin, answer, complete, read, and find them: `store.reviews`. Texts are masked here."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    def of(self, incident_id: UUID | str) -> Review | None:
        """The review of an incident; None: none was begun."""
        with self._log.database.read() as connection:
            return review_in(connection, find(connection, incident_id).id)

    def keep(self, review: Review, text: str, *, actor: str = OURS) -> Review:
        """Begin it, or change all but its texts. text: for the audit log; empty: only keep it."""

        def work(chain: Chain) -> Review:
            wanted = str(review.incident_id)
            is_it = reviews.c.incident_id == wanted
            columns = _columns(review)
            if (
                chain.connection.execute(update(reviews).where(is_it).values(**columns)).rowcount
                == 0
            ):
                chain.connection.execute(insert(reviews).values(incident_id=wanted, **columns))
            if text:
                self._note(chain, wanted, text, actor)
            kept = review_in(chain.connection, wanted)
            assert kept is not None
            return kept

        return self._log.change(work)

    def answer(
        self, incident_id: UUID | str, question: str, text: str, *, actor: str, seen: int
    ) -> Answer:
        """Write the text of a question. seen: the revision that its writer saw; 0: none yet.

        Raises NotPossibleNow when somebody else wrote it meanwhile, and names them.
        """

        def work(chain: Chain) -> Answer:
            wanted = find(chain.connection, incident_id).id
            is_it = (review_texts.c.incident_id == wanted) & (review_texts.c.question == question)
            row = chain.connection.execute(select(review_texts).where(is_it)).one_or_none()
            if (row.revision if row else 0) != seen:
                by = row.actor if row else "nobody"
                raise NotPossibleNow(
                    f"'{question}' was written by {by} meanwhile: look at it first"
                )
            made = Answer(text=self._masked(text), actor=actor, at=chain.now, revision=seen + 1)
            values = {**made.model_dump(exclude={"at"}), "at": moment_text(made.at)}
            chain.connection.execute(
                insert(review_texts).values(incident_id=wanted, question=question, **values)
                if row is None
                else update(review_texts).where(is_it).values(**values)
            )
            return made

        return self._log.change(work)

    def due(self, before: datetime) -> list[tuple[Incident, Review]]:
        """Those that nobody has read yet and that are due, the oldest first."""
        with self._log.database.read() as connection:
            query = select(reviews.c.incident_id).where(
                reviews.c.state != State.READ.value, reviews.c.due_at <= moment_text(before)
            )
            ids = connection.execute(query.order_by(reviews.c.due_at)).scalars().all()
            found = [(incident_of(find(connection, i)), review_in(connection, i)) for i in ids]
        return [(incident, review) for incident, review in found if review is not None]

    def _note(self, chain: Chain, incident_id: str, text: str, actor: str) -> None:
        incident = incident_of(find(chain.connection, incident_id))
        Change(chain, incident).note(self._masked(text), actor=actor, automated=actor == OURS)


def review_in(connection: Connection, incident_id: str) -> Review | None:
    """The review with its answers, as the transaction sees it."""
    query = select(reviews).where(reviews.c.incident_id == incident_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    written = connection.execute(
        select(review_texts).where(review_texts.c.incident_id == incident_id)
    ).all()
    texts = {each.question: _answer_of(each) for each in written}
    try:
        review = Review.model_validate(json.loads(row.document))
    except (ValidationError, ValueError) as error:
        raise AuditBroken(
            f"the review of incident {incident_id} cannot be read: it was changed outside"
        ) from error
    return review.model_copy(update={"texts": texts})


def _answer_of(row: Row[Any]) -> Answer:
    at = datetime.fromisoformat(row.at)
    return Answer(text=row.text, actor=row.actor, at=at, revision=row.revision)


def _columns(review: Review) -> dict[str, Any]:
    return {
        "form": review.form.value,
        "state": review.state.value,
        "due_at": moment_text(review.due_at),
        "document": canonical_json(review.model_copy(update={"texts": {}}).to_json()),
    }
