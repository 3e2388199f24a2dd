"""A guessed type becomes somebody's word: a sender's, a rule's, or a person's."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from schemas.errors import InvalidInput
from schemas.incident import DETECTED, NEEDS_WORD, Incident, IncidentType, TypeSource
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.grouping.alerts import group_as
from tasks.store.records import Change, find, incident_of


class Answer(NamedTuple):
    """What became of a person's answer.

    is_new: False: the same was answered before, and nothing has changed.
    starts: the runbook starts once more, with what cannot be undone.
    """

    incident: Incident
    is_new: bool
    starts: bool


def answer(
    log: AuditLog, incident_id: UUID | str, incident_type: IncidentType | None, actor: str
) -> Answer:
    """A person says of what type the incident is; see `Store.answer`."""

    def work(chain: Chain) -> Answer:
        return answer_in(
            Change(chain, incident_of(find(chain.connection, incident_id))), incident_type, actor
        )

    return log.change(work)


def answer_in(change: Change, incident_type: IncidentType | None, actor: str) -> Answer:
    """The same within a transaction."""
    incident = change.incident
    wanted = incident_type or IncidentType(incident.type)
    if incident.status.is_over:
        raise InvalidInput(
            f"{incident.title} is {incident.status}: nothing is done for it any longer."
            " If it goes on, report it anew"
        )
    if _was_answered(incident) and wanted == incident.type:
        return Answer(incident, is_new=False, starts=False)
    _check(incident, wanted)
    starts = give_word(change, wanted, TypeSource.PERSON, actor=actor, automated=False)
    if starts:
        change.emit(DETECTED)
    return Answer(change.incident, is_new=True, starts=starts)


def is_unanswered(incident: Incident) -> bool:
    """True while nobody has said of what type it is."""
    return not incident.type_source.is_word and not _was_answered(incident)


def takes_word(incident: Incident, incident_type: IncidentType, source: TypeSource) -> bool:
    """True when an alert of this type, by this source, settles what was only guessed.

    Only the same type does, or one that has to be contained: no other runbook starts anew, for
    what it does (a rollback) may have been done on the guess.
    """
    settles = incident_type == incident.type or incident_type in NEEDS_WORD
    return source.is_word and not incident.type_source.is_word and settles


def give_word(
    change: Change,
    incident_type: IncidentType,
    source: TypeSource,
    *,
    actor: str,
    automated: bool,
) -> bool:
    """Record the type and who says so; True when the runbook has to start once more."""
    before = change.incident
    starts = incident_type in NEEDS_WORD
    is_same = incident_type == before.type
    guessed = f" (it was guessed from {before.guessed_from})" if before.guessed_from else ""
    text = f"confirmed: it is {incident_type}" if is_same else f"{before.type} → {incident_type}"
    change.record(
        f"type {text}{guessed}",
        actor=actor,
        automated=automated,
        details={"type": incident_type.value, "typeSource": source.value},
        columns=group_as(change.chain, before, incident_type),
        type=incident_type.value,
        type_source=source,
        word_at=change.chain.now if starts else None,
    )
    return starts


def _was_answered(incident: Incident) -> bool:
    return incident.type_source is TypeSource.PERSON or incident.word_at is not None


def _check(incident: Incident, wanted: IncidentType) -> None:
    """Raise InvalidInput when there is nothing that a person could answer."""
    if incident.word_at is not None:
        raise InvalidInput(
            f"{incident.title} was confirmed at {incident.word_at:%Y-%m-%d %H:%M:%S} UTC: what that"
            " has begun is not undone by another answer. `aeef restore`, `aeef freeze release` and"
            " `resume-agent/by hand` undo it"
        )
    if incident.type_source.is_word and incident.type_source is not TypeSource.PERSON:
        says = "the sender" if incident.type_source is TypeSource.SENDER else "a rule of yours"
        raise InvalidInput(
            f"there is nothing to confirm: {says} says that {incident.title} is {incident.type}."
            " If it is something else besides, report that: `aeef report TYPE`"
        )
    if wanted is IncidentType.UNKNOWN and incident.type == IncidentType.UNKNOWN:
        raise InvalidInput(
            f"nothing names the type of {incident.title}, and nothing was guessed: say which it is,"
            " with --type"
        )
