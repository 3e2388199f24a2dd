"""What happened, from the audit log and the moments: timeline, who did what, times, impact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import JsonValue

from schemas.figures import Moment, Moments
from schemas.incident import AuditEntry, Incident
from schemas.settings import Settings
from schemas.wording import minutes, some
from tasks.review.facts.section import Found, short
from tasks.store import Store
from tasks.store.reviews.rows import is_afterwards

MOST = 500
"""Lines of a section; of a longer timeline its beginning and its end."""
_USUAL = (Moment.PAGED, Moment.ACKNOWLEDGED, Moment.CONTAINED, Moment.MITIGATED, Moment.RESOLVED)


def happened(incident: Incident, settings: Settings, store: Store) -> Found:
    """Sections summary, impact, times, timeline, automation and people."""
    found = store.timeline(incident.incident_id)
    entries = [each for each in found if not is_afterwards(each.details)]
    occurrences = store.moments.of(incident.incident_id)
    acts = [each for each in entries if "record" in each.details]
    by_machine = [each for each in acts if each.automated]
    by_people = [each for each in acts if not each.automated]
    alerts = sum(each.times for each in store.alerts(incident.incident_id))
    sections: dict[str, JsonValue] = {
        "summary": [{"text": _summary(incident, occurrences)}],
        "impact": [{"text": _impact(incident, occurrences, alerts)}],
        "times": [line for each in occurrences for line in _times(each, len(occurrences))],
        "timeline": [_line(each) for each in _both_ends(entries)],
        "automation": [_line(each) for each in _both_ends(by_machine)],
        "people": [_line(each) for each in _both_ends(by_people)],
    }
    return Found(sections, tuple(_not_seen(incident, occurrences, entries, by_people)))


def _line(entry: AuditEntry) -> JsonValue:
    return {
        "entry": entry.seq,
        "at": entry.timestamp.isoformat(),
        "by": entry.actor,
        "text": short(entry.action),
    }


def _both_ends(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    if len(entries) <= MOST:
        return list(entries)
    return [*entries[: MOST // 2], *entries[-MOST // 2 :]]


def _times(moments: Moments, occurrences: int) -> list[JsonValue]:
    of = f"occurrence {moments.occurrence}: " if occurrences > 1 else ""
    lines: list[JsonValue] = []
    for moment, at in sorted(moments.at.items(), key=lambda each: each[1]):
        took = moments.took(moment)
        after = f", {minutes(took)} after it was detected" if took and moment not in _FIRST else ""
        by = " (by the automation)" if moment in moments.by_machine else ""
        lines.append({"at": at.isoformat(), "text": f"{of}{moment}{after}{by}"})
    return lines


_FIRST = (Moment.DETECTED,)


def _summary(incident: Incident, occurrences: Sequence[Moments]) -> str:
    """A proposal in some sentences; only what is on record."""
    services = some(incident.affected_services) or "no named service"
    said = [
        f"{incident.severity} {incident.kind} of {services}, detected"
        f" {incident.detected_at:%Y-%m-%d %H:%M} UTC"
    ]
    if incident.description:
        said.append(short(incident.description).rstrip(".").replace("\n", " "))
    if occurrences:
        first = occurrences[0]
        spans = sorted((span, each) for each in _USUAL if (span := first.took(each)) is not None)
        took = [f"{moment} after {minutes(span)}" for span, moment in spans]
        said += [", ".join(took).capitalize()] if took else []
    if len(occurrences) > 1:
        said.append(f"It broke out {len(occurrences)} times")
    if incident.root_cause:
        said.append(f"Cause as it was resolved: {short(incident.root_cause)}".rstrip("."))
    return ". ".join(said) + "."


def _impact(incident: Incident, occurrences: Sequence[Moments], alerts: int) -> str:
    lasted = [span for each in occurrences if (span := _until_mitigated(each)) is not None]
    services = some(incident.affected_services) or "not named"
    said = [f"Affected services: {services}", f"{alerts} alerts"]
    if lasted:
        said.append(f"{minutes(sum(lasted, timedelta()))} from detection until it was mitigated")
    return "; ".join(said) + "."


def _until_mitigated(moments: Moments) -> timedelta | None:
    mitigated = moments.took(Moment.MITIGATED)
    return moments.took(Moment.RESOLVED) if mitigated is None else mitigated


def _not_seen(
    incident: Incident,
    occurrences: Sequence[Moments],
    entries: Sequence[AuditEntry],
    by_people: Sequence[AuditEntry],
) -> list[str]:
    said = ["how many users were affected, and what it cost: nothing here measures that"]
    if not occurrences:
        said.append("times: this incident is older than their measurement")
    elif missed := [each for each in _USUAL if occurrences[-1].came(each) is None]:
        said.append(f"times: that it was {' or '.join(missed)} is not on record")
    if not incident.affected_services:
        said.append("affected services: none is named")
    if not by_people:
        said.append("what people did: nothing of it is on record")
    if len(entries) > MOST:
        left = len(entries) - MOST
        said.append(f"timeline: {left} entries in the middle are left out; the audit log has them")
    return said
