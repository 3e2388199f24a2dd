"""Verifies the reviews by the calendar against what the entries say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from schemas.calendar import CalendarReview
from schemas.errors import AuditBroken
from schemas.incident import hash_of_text
from tasks.base.storable import moment_text
from tasks.store.database.tables import calendar_reviews

Key = tuple[str, str]
"""Kind and period."""


class CalendarSeal(NamedTuple):
    """What an entry says of a review: the hash of its document."""

    seq: int
    document: str


def calendar_seal(details: Mapping[str, Any], seq: int) -> tuple[Key, CalendarSeal] | None:
    """The review that an entry of no incident changed, with its seal; None: it changed none."""
    about, document = details.get("calendar"), details.get("document")
    if not isinstance(about, Mapping) or not isinstance(document, str):
        return None
    return (str(about.get("kind")), str(about.get("period"))), CalendarSeal(seq, document)


def verify_calendar(
    connection: Connection, seals: Mapping[Key, CalendarSeal], *, only_these: bool
) -> None:
    """Verify that each is as the entries left it; none missing, none invented.

    seals: of each review its newest. only_these: others were verified before.
    Raises AuditBroken that names the first.
    """
    left = dict(seals)
    for row in connection.execute(select(calendar_reviews)).all():
        seal = left.pop((row.kind, row.period), None)
        if seal is None and only_these:
            continue
        name = f"the {row.kind} review {row.period}"
        if seal is None:
            raise AuditBroken(
                f"{name} has no entry in the audit log: it was put there by something else than "
                "AEEF Runbooks"
            )
        if hash_of_text(row.document) != seal.document:
            raise AuditBroken(
                f"{name} is not as audit entry {seal.seq} left it: it was changed outside AEEF "
                "Runbooks"
            )
        said = CalendarReview.model_validate_json(row.document)
        columns = (said.kind.value, said.period, moment_text(said.drawn_at), seal.seq)
        if (row.kind, row.period, row.drawn_at, row.entry) != columns:
            raise AuditBroken(
                f"the columns of {name} do not fit its document: they were changed outside AEEF "
                "Runbooks"
            )
    for (kind, period), seal in left.items():
        raise AuditBroken(
            f"the {kind} review {period} is missing, though audit entry {seal.seq} changed it: it "
            "was deleted"
        )
