"""Incidents before that are like this one: the same type and service, or the same failure mode."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from schemas.errors import AuditBroken
from schemas.incident import Incident, IncidentType
from schemas.lifecycle.filter import Filter
from schemas.settings import Settings
from tasks.review.facts.section import Found, short
from tasks.store import Store

LOOKED_AT = 500
"""Of the newest of its type, and of those with its failure mode."""
MOST = 10
MODE = "failure-mode"


def similar(incident: Incident, _settings: Settings, store: Store) -> Found:
    """Section similar: the newest first, each with why it is like this one."""
    review = store.reviews.of(incident.incident_id)
    mode = review.text(MODE) if review else ""
    found = list(_alike(incident, mode, store))
    lines = [
        # What a breach was about stays with it: this review goes to others.
        _line(each, why, store, in_full=not _is_hidden(each, incident))
        for each, why in found[:MOST]
    ]
    not_seen = [] if found else ["similar incidents: none was found"]
    if more := max(0, len(found) - MOST):
        not_seen.append(f"similar incidents: {more} more are not listed")
    if not mode:
        again = f"`aeef review {incident.short_id} --draft`"
        not_seen.append(
            "incidents with the same failure mode: nobody has answered yet how this one failed;"
            f" once somebody has, {again} looks for them"
        )
    return Found({"similar": lines}, tuple(not_seen))


def _mode(incident: Incident, store: Store) -> str:
    """How it failed, as people answered; that they have not, where they have not."""
    try:
        review = store.reviews.of(incident.incident_id)
    except AuditBroken as error:  # of the others it can be said
        return short(str(error))
    if review is None:
        return "not asked: it has no review"
    return review.text(MODE) or "not answered yet"


def _alike(incident: Incident, mode: str, store: Store) -> Iterator[tuple[Incident, str]]:
    services = set(incident.affected_services)
    seen = {incident.incident_id}
    wanted = Filter(
        type=(IncidentType(incident.type),), before=str(incident.incident_id), limit=LOOKED_AT
    )
    for each in store.lifecycle.find(wanted):
        if shared := services & set(each.affected_services):
            seen.add(each.incident_id)
            yield each, f"the same type, and {', '.join(sorted(shared))}, too"
    if not mode:
        return
    for other in store.reviews.with_answer(MODE, mode, LOOKED_AT):
        if other.incident_id not in seen and other.detected_at <= incident.detected_at:
            yield other, f"the same failure mode, {mode}"


def _is_hidden(other: Incident, incident: Incident) -> bool:
    return other.is_restricted and not incident.is_restricted


def _line(incident: Incident, why: str, store: Store, *, in_full: bool) -> JsonValue:
    line: dict[str, JsonValue] = {
        "text": f"{incident.title} ({incident.status}): {why}",
        "at": incident.detected_at.isoformat(),
        "url": f"/incidents/{incident.incident_id}",
    }
    if not in_full:
        return line
    if cause := incident.root_cause:
        line["cause"] = short(cause)
    return {**line, "failure-mode": _mode(incident, store)}
