"""Incidents before that are like this one: the same type and service, or the same failure mode."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from schemas.incident import Incident, IncidentType
from schemas.lifecycle.filter import Filter
from schemas.review import Review
from schemas.settings import Settings
from tasks.review.facts.section import Found, short
from tasks.store import Store

LOOKED_AT = 500
"""Of the newest of its type, and of those with its failure mode."""
MOST = 10
MODE = "failure-mode"


def similar(incident: Incident, _settings: Settings, store: Store) -> Found:
    """Section similar: the newest first, each with why it is like this one."""
    found = list(_alike(incident, store))
    before = (each for each, _ in found)
    if not found:
        return Found({"similar": []}, ("similar incidents: none was found",))
    reviews = {each.incident_id: store.reviews.of(each.incident_id) for each in before}
    lines = [
        # What a breach was about stays with it: this review goes to others.
        _line(each, why, reviews[each.incident_id], in_full=not _is_hidden(each, incident))
        for each, why in found[:MOST]
    ]
    more = len(found) - MOST
    rest = (f"similar incidents: {more} more are not listed",) if more > 0 else ()
    return Found({"similar": lines}, rest)


def _alike(incident: Incident, store: Store) -> Iterator[tuple[Incident, str]]:
    services = set(incident.affected_services)
    seen = {incident.incident_id}
    wanted = Filter(
        type=(IncidentType(incident.type),), before=str(incident.incident_id), limit=LOOKED_AT
    )
    for each in store.lifecycle.find(wanted):
        if shared := services & set(each.affected_services):
            seen.add(each.incident_id)
            yield each, f"the same type, and {', '.join(sorted(shared))}, too"
    review = store.reviews.of(incident.incident_id)
    if review is None or not (mode := review.text(MODE)):
        return
    for other in store.reviews.with_answer(MODE, mode, LOOKED_AT):
        if other.incident_id not in seen and other.detected_at <= incident.detected_at:
            yield other, f"the same failure mode, {mode}"


def _is_hidden(other: Incident, incident: Incident) -> bool:
    return other.is_restricted and not incident.is_restricted


def _line(incident: Incident, why: str, review: Review | None, *, in_full: bool) -> JsonValue:
    line: dict[str, JsonValue] = {
        "text": f"{incident.title} ({incident.status}): {why}",
        "at": incident.detected_at.isoformat(),
        "url": f"/incidents/{incident.incident_id}",
    }
    if not in_full:
        return line
    cause = incident.root_cause or ""
    if cause:
        line["cause"] = short(cause)
    if review and (mode := review.text(MODE)):
        line["failure-mode"] = mode
    return line
