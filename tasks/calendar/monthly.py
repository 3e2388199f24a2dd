"""The monthly review: what was only logged, what it has in common, and the sprint's backlog."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from schemas.calendar import Kind, Period, last_period
from schemas.errors import AeefError
from schemas.incident import Incident, Severity, route_for
from schemas.settings import Settings
from tasks.calendar.drawn import MOST_LINES, Drawn, line_of, section, trend
from tasks.store import Store
from tasks.store.claim_keys import TICKET, of_occurrence

MOST_READ = 5_000
"""Incidents of a month."""


class _Taught(NamedTuple):
    """What reviews say of the incidents of some time. reviews: how many there are."""

    reviews: int
    modes: Counter[str]
    gaps: Counter[str]
    tools: Counter[str]


def monthly(period: Period, _now: datetime, store: Store, settings: Settings) -> Drawn:
    """P4s and whatever was only logged, trends, and the P3s that wait for a sprint."""
    before = last_period(Kind.MONTHLY, period.begin, settings.calendar.zone)
    those = store.calendar.seen.detected(period.begin, period.end, tuple(Severity), MOST_READ)
    logged = [each for each in those if _is_only_logged(each, settings)]
    backlog = store.calendar.seen.going_on(Severity.P3, MOST_LINES + 1)
    now, earlier = _taught(store, period), _taught(store, before)
    seen, unwritten = store.calendar.seen, "No review of this time says so."
    sections = (
        section(
            "P4, and whatever was only logged: nobody was paged or asked to decide",
            [line_of(each, each.status.value) for each in logged],
        ),
        trend(
            "By failure mode, as reviews say",
            now.modes,
            earlier.modes,
            unwritten,
            unanswered=now.reviews - now.modes.total(),
        ),
        trend("By AI tool, as the change's provenance says", now.tools, earlier.tools, unwritten),
        trend(
            "By validation gap, as reviews say",
            now.gaps,
            earlier.gaps,
            unwritten,
            unanswered=now.reviews - now.gaps.total(),
        ),
        *(
            trend(
                f"By {name}",
                seen.counted(name, period.begin, period.end),
                seen.counted(name, before.begin, before.end),
                f"No incident of this time has a {name}.",
            )
            for name in ("team", "service", "type")
        ),
        section(
            "Backlog of the sprint: P3 that are not over",
            [line_of(each, _ticket(each, store)) for each in backlog],
            "No P3 is open.",
        ),
    )
    return Drawn(sections, f"{len(logged)} only logged; {len(backlog)} P3 in the backlog")


def _is_only_logged(incident: Incident, settings: Settings) -> bool:
    route = route_for(incident.severity, incident.type, settings.routes)
    return incident.severity is Severity.P4 or not (route.page or route.ticket or route.remind)


def _ticket(incident: Incident, store: Store) -> str:
    made = store.claim_result(incident.incident_id, of_occurrence(incident, TICKET)) or {}
    key = made.get("key") or "no ticket"
    return f"since {incident.detected_at:%Y-%m-%d}, {key}"


def _taught(store: Store, period: Period) -> _Taught:
    seen, tools = store.calendar.seen, Counter[str]()
    reviewed = seen.reviewed(period.begin, period.end)
    for incident_id in reviewed:
        try:
            review = store.reviews.of(incident_id)
        except AeefError:
            continue  # verifying the audit log says so
        found = review.facts.sections.get("change") if review and review.facts else None
        lines = found if isinstance(found, list) else []
        said = [each.get("tool") for each in lines if isinstance(each, dict)]
        tools.update({tool for tool in said if isinstance(tool, str)})
    return _Taught(
        len(reviewed),
        seen.answered("failure-mode", period.begin, period.end),
        seen.answered("gap", period.begin, period.end),
        tools,
    )
