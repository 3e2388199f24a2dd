"""Attaches an alert to the incident that it is about."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID, uuid5

from schemas.incident import (
    DETECTED,
    Alert,
    Grouping,
    Incident,
    IncidentType,
    Severity,
    Status,
    TypeSource,
)
from tasks.base.storable import first_line, moment_text
from tasks.store.audit.audit import Chain
from tasks.store.escalations.escalations import start_escalation
from tasks.store.giving_word import give_word, takes_word
from tasks.store.grouping.alerts import hear, how_many
from tasks.store.grouping.flaps import beat_again
from tasks.store.lifecycle.standings import withdraw_proposal
from tasks.store.records import Change
from tasks.store.relapses import ask_look

MANY = 10


class Opened(NamedTuple):
    """The outcome for an alert: a new incident, or the one that it was attached to.

    masked: the alert contained personal identifiers; its original is not in the record.
    look: the number of the question whether its services are broken again, which is stored with
    the alert; None when nobody has to look.
    word_given: what was a guess is somebody's word now, and the runbook starts once more.
    has_news: the incident's messages have to say more than before.
    flaps: it comes and goes, and somebody has to know.
    """

    incident: Incident
    is_new: bool
    severity_raised: bool
    masked: bool = False
    look: int | None = None
    word_given: bool = False
    has_news: bool = False
    flaps: bool = False


class Typed(NamedTuple):
    """The type of an alert and who says so; for a guess, from what (`schemas.incident.Triage`)."""

    type: IncidentType
    source: TypeSource = TypeSource.SENDER
    guessed_from: str = ""


class Report(NamedTuple):
    """An alert as it is to be recorded. entry: marks one delivery of it as received."""

    alert: Alert
    typed: Typed
    severity: Severity
    key: str
    entry: UUID | None
    grouping: Grouping


def attach(chain: Chain, incident: Incident, report: Report, *, looks: bool) -> Opened:
    """Add the alert to an incident. looks: it may be a second outage: somebody has to look."""
    alert, typed, severity = report.alert, report.typed, report.severity
    change = Change(chain, incident)
    flaps = beat_again(change, report.grouping)
    is_new = hear(chain, incident, report.key, alert, severity)
    if is_new or not alert.names_one_occurrence:  # else it is an old message
        withdraw_proposal(change)
    if is_new:
        _note_new(change, report)
    else:
        _note_repetition(change, alert, severity, report.entry)
    look = ask_look(chain, incident, alert, severity, is_new=is_new) if looks else None
    if incident.status.is_over and look is None:
        return Opened(incident, is_new=False, severity_raised=False)
    adds_service = bool(alert.service and alert.service not in incident.affected_services)
    if alert.service and adds_service:
        change.record(
            f"affected service added: {alert.service}",
            actor=alert.source,
            automated=True,
            affected_services=[*incident.affected_services, alert.service],
        )
    word_given = takes_word(incident, typed.type, typed.source) and give_word(
        change, typed.type, typed.source, actor=alert.source, automated=True
    )
    # Of what is over, only a relapse raises the severity.
    raised = severity.is_worse_than(incident.severity) and not incident.status.is_over
    if raised:
        change.record(
            f"severity raised {incident.severity} → {severity}",
            actor=alert.source,
            automated=True,
            # Who took it took the lesser one: this one is paged, and taken, anew.
            columns={"acknowledged_at": None},
            severity=severity,
            raised=True,
        )
        start_escalation(chain.connection, change.incident, chain.now)
    if raised or word_given:
        change.emit(DETECTED)
    return Opened(
        change.incident,
        is_new=False,
        severity_raised=raised,
        look=look,
        word_given=word_given,
        has_news=adds_service,
        flaps=flaps,
    )


def _note_new(change: Change, report: Report) -> None:
    """List one more alert; in the record only when there are ten, a hundred, … of them."""
    alert, severity = report.alert, report.severity
    what = first_line(alert.description) or change.incident.type
    number, _ = how_many(change.chain, change.incident)
    change.note(
        f"alert added, number {number}: {what}",
        actor=alert.source,
        automated=True,
        details=_details(alert, severity),
        entry_id=report.entry,
    )
    if number >= MANY and str(number).strip("0") == "1":
        change.record(
            f"{number} different alerts belong to this incident so far; the newest: {what}",
            actor=alert.source,
            automated=True,
        )


def _note_repetition(change: Change, alert: Alert, severity: Severity, entry: UUID | None) -> None:
    """Note it in the audit log: what repeats itself on a contained incident only once.

    Alertmanager repeats an alert every few minutes until it is over.
    """
    incident = change.incident
    what = first_line(alert.description) or incident.type
    settled = incident.status.comes_after(Status.INVESTIGATING)
    if settled and alert.names_one_occurrence and entry is None:
        state = f"{incident.occurrence}/{incident.status}/{severity}/{alert.service}/{what}"
        entry = uuid5(incident.incident_id, f"repeated/{state}")
        if change.chain.has(entry):
            return
    change.note(
        f"alert repeated: {what}",
        actor=alert.source,
        automated=True,
        details=_details(alert, severity),
        entry_id=entry,
    )


def _details(alert: Alert, severity: Severity) -> dict[str, str | None]:
    return {
        "severity": severity.value,
        "service": alert.service,
        "detectedAt": moment_text(alert.detected_at),
    }
