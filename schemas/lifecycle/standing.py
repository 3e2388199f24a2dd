"""Where people stand with an incident: who has it, who leads, what is proposed, how it ended."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from schemas.incident.incident import Incident
from schemas.incident.route import Route, SenderEnds
from schemas.incident.severity import Severity
from schemas.incident.type_source import NEEDS_WORD
from schemas.model import Model, UtcDatetime

LEAD_WITHIN = timedelta(hours=1)
NEEDS_LEAD = NEEDS_REVIEW = (Severity.P1, Severity.P2)


class Disposition(StrEnum):
    """What an incident that is over was."""

    FIXED = "fixed"
    FALSE_ALARM = "false-alarm"
    DUPLICATE = "duplicate"
    ACCEPTED = "accepted"


class Standing(Model):
    """Beside the record of the spec: what people have said and taken.

    owner, lead: as on record, `ann (token)`; None: nobody. owner_since: when they took it.
    proposed_by, proposed_why: who says that it is over, and why that does not end it by itself.
    disposition: None while it is not over, and of one that ended without a person's word.
    merged_into: the incident that this one is a duplicate of. related: others that have to do
    with it. reviewed_as: what it was, where people made less of it: its review is still of that.
    """

    owner: str | None = None
    owner_since: UtcDatetime | None = None
    lead: str | None = None
    lead_since: UtcDatetime | None = None
    proposed_by: str | None = None
    proposed_why: str | None = None
    proposed_at: UtcDatetime | None = None
    disposition: Disposition | None = None
    merged_into: UUID | None = None
    related: tuple[UUID, ...] = ()
    reviewed_as: Severity | None = None


def lacks_lead(incident: Incident, standing: Standing) -> bool:
    """True for an open P1 or P2 that nobody leads yet."""
    is_grave = incident.severity in NEEDS_LEAD and not incident.status.is_over
    return is_grave and standing.lead is None


def review_severity(incident: Incident, standing: Standing) -> Severity:
    """By which its review is owed: of what it was at its worst, and not of what it ended as."""
    return min(incident.severity, standing.reviewed_as or incident.severity)


def needs_review(incident: Incident, standing: Standing) -> bool:
    """True for what was a P1 or P2, unless it is an exercise, or part of one that has its own."""
    is_part = standing.merged_into is not None
    is_grave = review_severity(incident, standing) in NEEDS_REVIEW
    return is_grave and not incident.is_drill and not is_part


def how_to_resolve(incident: Incident) -> str:
    """What to type when it is over."""
    return f'aeef resolve {incident.short_id} --disposition fixed --root-cause "…"'


def person_of(on_record: str) -> str:
    """The person's name in what stands on record: `ann` of `ann (token)`; else all of it."""
    name, _, method = on_record.partition(" (")
    return name if method.endswith(")") and " " not in name else on_record


def why_not_by_sender(incident: Incident, route: Route, *, is_taken: bool, has_failed: bool) -> str:
    """Why a sender's all-clear does not end the incident by itself; empty: it does.

    has_failed: its runbook failed or was stopped, and no later attempt made that good.
    """
    ends = route.resolved_by_sender
    if has_failed:
        return "its runbook failed, and nobody knows what is left"
    if incident.type in NEEDS_WORD:
        return f"a {incident.type} is over when a person says so"
    if ends is SenderEnds.NEVER:
        return f"a {incident.severity} is over when a person says so"
    if ends is SenderEnds.ONCE_TAKEN and not is_taken:
        return "nobody has taken it"
    return ""
