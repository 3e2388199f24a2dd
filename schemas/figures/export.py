"""The times of an incident beside its record, so that whoever has an export can compute figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.figures.moments import Moment, Moments
from schemas.figures.targets import limit_of
from schemas.figures.timed import WITH_TARGET
from schemas.incident import Incident

EXTENSION = "aeef"
"""Its name in the export: the record's own fields stay those of the spec."""


def times_of(occurrences: Sequence[Moments], incident: Incident) -> list[dict[str, Any]]:
    """Each occurrence as JSON data: `mitigatedAt` and so on for each moment that came, `byMachine`
    which of these the automation brought about, `within` the seconds of each target.
    """
    return [_occurrence(each, incident) for each in occurrences]


def extension(incident: Incident, occurrences: Sequence[Moments], team: str) -> dict[str, Any]:
    """What an export has beside the record of the spec."""
    return {
        "number": incident.number,
        "drill": incident.is_drill,
        "service": incident.affected_services[0] if incident.affected_services else "",
        "team": team,
        "occurrences": times_of(occurrences, incident),
    }


def _occurrence(each: Moments, incident: Incident) -> dict[str, Any]:
    detected = each.at[Moment.DETECTED]
    within = {m.value: limit_of(incident.severity, m, detected) for m in WITH_TARGET}
    return {
        "occurrence": each.occurrence,
        **{f"{moment}At": at.isoformat() for moment, at in sorted(each.at.items())},
        "byMachine": sorted(each.by_machine),
        "within": {name: limit for name, limit in within.items() if limit is not None},
    }
