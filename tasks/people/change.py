"""What people change about an incident: severity, type, services; and a guess, confirmed."""

from __future__ import annotations

from pydantic import Field

from schemas.errors import InvalidInput
from schemas.incident import IncidentType, Severity, TypeSource
from schemas.lifecycle import review_severity
from schemas.model import Model
from schemas.people import Right
from tasks.approvals.confirming import require_for_confirm
from tasks.people.act import Done, Hand, PersonAct
from tasks.people.channels import page_anew, show_everywhere
from tasks.people.fields import POSITIONAL, Reason, Service


class ToSeverity(Model):
    """Which severity, and why."""

    severity: Severity = Field(description="P1 to P4.", json_schema_extra=POSITIONAL)
    reason: Reason
    mistaken: bool = Field(
        default=False, description="It never was worse: so no review is owed for that."
    )


class ToType(Model):
    """Which type, and why."""

    type: IncidentType = Field(description="Of which type it is.", json_schema_extra=POSITIONAL)
    reason: Reason


class ToServices(Model):
    """Which services are affected, too, and which are not."""

    add: tuple[Service, ...] = Field(
        default=(), description="Is affected, too; may be given again."
    )
    remove: tuple[Service, ...] = Field(
        default=(), description="Is not affected; may be given again."
    )


class Word(Model):
    """What was guessed is so, is something else, or is none of it."""

    type: IncidentType | None = Field(default=None, description="It is of this type instead.")
    no: bool = Field(default=False, description="It is none of what was guessed.")


def _severity(hand: Hand, asked: ToSeverity) -> Done:
    before = hand.incident.severity
    outcome = hand.lifecycle.set_severity(
        hand.incident_id,
        asked.severity,
        actor=hand.actor.on_record,
        reason=asked.reason,
        mistaken=asked.mistaken,
    )
    incident, worst = outcome.incident, review_severity(outcome.incident, outcome.standing)
    if not outcome.changed:
        return Done(incident, f"{incident.title}: it is {asked.severity} already", changed=False)
    if not asked.severity.is_worse_than(before):
        said = f"{incident.title}: no longer {before}; whoever has it still has it"
        if worst.is_worse_than(incident.severity):
            said += (
                f"; its review is that of a {worst}. If it never was one:"
                f" aeef severity {incident.short_id} {incident.severity} --mistaken --reason …"
            )
        return Done(incident, said, problem=show_everywhere(hand, incident))
    said = f"{incident.title}: no longer {before}; it is paged, and to be taken, anew"
    return Done(incident, said, problem=page_anew(hand, incident, f"no longer {before}"))


def _type(hand: Hand, asked: ToType) -> Done:
    require_for_confirm(hand.incident, asked.type, hand.actor, hand.settings)
    had_word = hand.incident.word_at is not None
    outcome = hand.lifecycle.set_type(
        hand.incident_id, asked.type, actor=hand.actor.on_record, reason=asked.reason
    )
    incident = outcome.incident
    if not outcome.changed:
        return Done(incident, f"{incident.title}: it is {asked.type} already", changed=False)
    runs = incident.word_at is not None and not had_word
    then = "its runbook starts" if runs else "no runbook starts for it"
    said = f"{incident.title}: {then}; what the earlier one did is not undone"
    return Done(incident, said, problem=show_everywhere(hand, incident))


def _services(hand: Hand, asked: ToServices) -> Done:
    if not asked.add and not asked.remove:
        raise InvalidInput("add, remove: name the services")
    outcome = hand.lifecycle.set_services(
        hand.incident_id, add=asked.add, remove=asked.remove, actor=hand.actor.on_record
    )
    incident = outcome.incident
    services = ", ".join(incident.affected_services) or "none"
    said = f"{incident.title}: affected services: {services}"
    problem = show_everywhere(hand, incident) if outcome.changed else ""
    return Done(incident, said, outcome.changed, problem)


def _confirm(hand: Hand, asked: Word) -> Done:
    if asked.no and asked.type:
        raise InvalidInput("no, type: give one of them, not both")
    said = IncidentType.UNKNOWN if asked.no else asked.type
    require_for_confirm(hand.incident, said, hand.actor, hand.settings)
    answer = hand.store.answer(hand.incident_id, said, actor=hand.actor.on_record)
    incident = answer.incident
    if not answer.is_new:
        return Done(incident, f"{incident.title} was answered before", changed=False)
    then = (
        "its runbook goes on"
        if answer.starts
        else "nothing is isolated, frozen, revoked or suspended for it"
    )
    by = "confirmed" if incident.type_source is TypeSource.PERSON else "on record"
    return Done(
        incident, f"{incident.title}: {by}; {then}", problem=show_everywhere(hand, incident)
    )


SEVERITY = PersonAct(
    name="severity",
    title="Change severity",
    does="Routes it anew: a higher one is paged and to be taken anew, and its runbook starts.",
    right=Right.RESPOND,
    asks=ToSeverity,
    do=_severity,
)
TYPE = PersonAct(
    name="type",
    title="Change type",
    does="Routes it anew, and starts the runbook of that type; what was done is not undone.",
    right=Right.RESPOND,
    asks=ToType,
    do=_type,
)
SERVICES = PersonAct(
    name="services",
    title="Change services",
    does="Adds and removes affected services.",
    right=Right.RESPOND,
    asks=ToServices,
    do=_services,
)
CONFIRM = PersonAct(
    name="confirm",
    title="Confirm the type",
    does="What waits for a word (isolate, freeze, revoke, suspend, legal clocks) goes on.",
    right=Right.RESPOND,
    asks=Word,
    do=_confirm,
)
