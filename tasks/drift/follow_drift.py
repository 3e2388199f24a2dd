"""Turns assessments into one incident per target: opens it, adds to it, resolves it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4, uuid5

from prefect import task

from schemas.drift import Difference, DriftReport
from schemas.errors import AeefError, TargetError
from schemas.incident import (
    Alert,
    Incident,
    IncidentType,
    Severity,
    Status,
    classify,
    dedup_key_for,
    hash_of_text,
)
from schemas.model import utc_now
from schemas.settings import Settings, Target, load_settings
from tasks.base.redact import redact
from tasks.case import Case
from tasks.drift.assess_drift import assess
from tasks.drift.blindness import note_blindness
from tasks.drift.publish_drift import publish
from tasks.drift.read_baseline import read_target_baseline
from tasks.isolation.journal import read_isolation
from tasks.notify.stand_down import resolve_page
from tasks.step import log_line, step
from tasks.store import open_store
from tasks.store.claim_keys import DRIFT_NOTED, occurrence_of, of_occurrence
from tasks.target.lock import target_lock

SOURCE = "drift/assess"


def drift_key(target: str) -> str:
    """The dedup key of a target's drift: one incident at a time."""
    return f"drift:{target}"


def look_for_drift(target_name: str, settings: Settings) -> DriftReport:
    """Assess a target as the schedule does: a new difference must persist to be reported.

    An ongoing rollback or deployment looks like drift, so the target is left alone meanwhile.
    An error that prevents the assessment is in the report as unreadable.
    """
    target = settings.target(target_name)
    try:
        return _look(target, settings)
    except (AeefError, OSError) as error:
        why = f"the watch cannot look: {redact(str(error), settings)}"
        return DriftReport(target=target.name, unreadable=(why,))


def _look(target: Target, settings: Settings) -> DriftReport:
    if busy := _under_way(target, settings):
        return DriftReport(target=target.name, not_compared=(busy,))
    report = assess(target, settings)
    if not _new(report, open_drift_of(target, settings), settings):
        return report
    time.sleep(settings.drift.confirm_after)
    if busy := _under_way(target, settings):
        return DriftReport(target=target.name, not_compared=(busy,))
    again = assess(target, settings)
    first = {each.path for each in report.differences}
    lasting = tuple(each for each in again.differences if each.path in first)
    if again.differences and not lasting:
        unsettled = "the differences changed between two checks; the next assessment will show"
        return again.model_copy(update={"differences": (), "compared": 0,
                                        "not_compared": (unsettled,)})  # fmt: skip
    return again.model_copy(update={"differences": lasting})


def open_drift_of(target: Target, settings: Settings) -> Incident | None:
    """The target's open drift incident, whoever reported it and whatever it was called."""
    services = settings.same_trouble(IncidentType.DRIFT, target.name)
    return open_store(settings).open_incident_about(IncidentType.DRIFT, services)


def follow_drift(report: DriftReport, settings: Settings) -> str:
    """Open the target's incident, add new differences, or resolve it; return this in words.

    Only an assessment that could compare and found nothing resolves it, and only what the watch
    itself has opened: what somebody else reported may be more than is compared here. What cannot
    be read opens nothing: it is no drift. Safe to repeat.
    """
    store, target = open_store(settings), settings.target(report.target)
    incident = open_drift_of(target, settings)
    if incident is not None and report.status == "drift":
        # A mitigated one was assessed, and found to have none.
        incident = store.relapse(incident.incident_id, f"again, {report.headline}", actor=SOURCE)
    if not report.differences:
        return _nothing_differs(report, incident, settings)
    new = _new(report, incident, settings)
    if not new:
        return f"{report.headline}; known as {incident.title if incident else 'no incident'}"
    alert = Alert(
        type=IncidentType.DRIFT,
        severity=report.severity,
        service=report.target,
        description=report.text(new if incident else None)[:20_000],
        detected_at=report.assessed_at,
        source=SOURCE,
        dedup_key=drift_key(report.target),
    )
    opened = store.open_or_attach(
        alert,
        IncidentType.DRIFT,
        report.severity,
        also=settings.same_trouble(IncidentType.DRIFT, target.name),
        may_relapse=False,
    )
    known = opened.incident
    digest = hash_of_text("\n".join(sorted(each.identity for each in new)))
    if not opened.is_new and incident is not None:
        text = f"the drift grew by {len(new)}: " + report.text(new)
        entry = uuid5(known.incident_id, of_occurrence(known, digest))
        store.record_action(known.incident_id, text, entry_id=entry)
    noted = {"differences": [each.identity for each in new]}
    key = of_occurrence(known, DRIFT_NOTED + digest)
    store.finish_claim(known.incident_id, key, f"{SOURCE} {uuid4()}", noted)
    verb = "opened" if opened.is_new else "added to"
    return f"{report.headline}; {verb} {known.title}"


def _nothing_differs(report: DriftReport, incident: Incident | None, settings: Settings) -> str:
    if incident is None or report.status != "none":
        return report.headline
    store = open_store(settings)
    if store.alert(incident.incident_id).source == SOURCE:
        over = end_drift(incident, f"gone: {report.headline}", settings)
        return f"{report.headline}; resolved {over.title}"
    noted = [key for key in store.claims(incident.incident_id) if key.startswith(DRIFT_NOTED)]
    if noted:
        store.record_action(
            incident.incident_id,
            f"what the watch had seen is gone: {report.headline}; it was reported by somebody"
            " else, so it stays open until a person resolves it",
            entry_id=uuid5(incident.incident_id, "gone " + " ".join(sorted(noted))),
        )
    return f"{report.headline}; {incident.title} was reported by somebody else, and stays open"


@task(name="watch for drift", tags=["aeef"])
def watch(target_name: str) -> str:
    """Look for drift, follow it, and publish the report in Prefect; return this in words."""
    settings = load_settings()
    report = look_for_drift(target_name, settings)
    news = note_blindness(report, settings.home)
    outcome = follow_drift(report, settings)
    if news or not report.unreadable:  # a standing reason is told once, then in `aeef doctor`
        log_line(outcome)
    publish(report)
    return outcome


@step("follow the impact", says=lambda _none: None, timeout=60)
def follow_impact(case: Case, report: DriftReport) -> None:
    """Raise the severity to that of the worst impact, unless the sender named one.

    Then the incident is announced again, and the stronger runbook runs.
    """
    store = case.store
    incident, alert = case.incident, case.alert
    could_be = {
        classify(alert, case.settings.rules, {IncidentType.DRIFT: severity}).severity
        for severity in Severity
    }
    if len(could_be) == 1 or not report.severity.is_worse_than(incident.severity):
        return
    key = dedup_key_for(alert, IncidentType.DRIFT)
    same = store.open_incident_of(key)
    if same is None or same.incident_id != incident.incident_id or not report.differences:
        return
    worse = Alert(
        type=IncidentType.DRIFT,
        severity=report.severity,
        description=report.headline,
        source="aeef-runbooks",
        dedup_key=key,
    )
    store.open_or_attach(worse, IncidentType.DRIFT, report.severity, may_relapse=False)


def end_drift(
    incident: Incident, reason: str, settings: Settings, *, actor: str = SOURCE
) -> Incident:
    """Resolve the target's incident and its page."""
    incident = open_store(settings).set_status(
        incident.incident_id,
        Status.RESOLVED,
        actor=actor,
        automated=actor == SOURCE,
        reason=reason,
    )
    try:
        resolve_page(incident.incident_id, settings, holder=f"{SOURCE} {uuid4()}")
    except AeefError as error:
        # The flow `resolution`, which the new status starts, tries again.
        log_line(f"the page of {incident.title} is not resolved yet: {error}")
    return incident


def _new(
    report: DriftReport, incident: Incident | None, settings: Settings
) -> Sequence[Difference]:
    """The differences that are not yet in the incident."""
    again = incident is not None and incident.status is Status.MITIGATED
    if incident is None or (again and report.status == "drift"):
        return report.differences
    known: set[str] = set()
    for key, claim in open_store(settings).claims(incident.incident_id).items():
        noted = key.startswith(DRIFT_NOTED) and occurrence_of(key) == incident.occurrence
        if noted and claim.result:
            known |= set(claim.result["differences"])
    return [each for each in report.differences if each.identity not in known]


def _under_way(target: Target, settings: Settings) -> str | None:
    """The change to the target that is in progress; None when there is none."""
    if isolation := read_isolation(target.name, settings.home):
        return (
            f"it is isolated for incident {isolation.incidents[-1]}: its networks are not its own"
        )
    try:
        with target_lock(target, settings.home, timeout=0):
            pass
        good = read_target_baseline(target)
    except TargetError as error:
        # The assessment reports anything else.
        return "a rollback is under way" if error.stage == "wait for lock" else None
    newer = good.newer if good else None
    if newer is None or newer.deployed_at is None:
        return None
    if utc_now() - newer.deployed_at > timedelta(seconds=settings.drift.deployment_grace):
        return None
    return f"the deployment of {newer.commit[:12]} has status '{newer.status}' and may go on"
