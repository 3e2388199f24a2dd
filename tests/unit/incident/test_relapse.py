"""When an alert may be a second outage, and what is done anew for an occurrence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from schemas.incident import (
    Alert,
    Incident,
    IncidentType,
    Look,
    Severity,
    Status,
    Verdict,
    parameter_of,
    wants_look,
)
from schemas.validation import validate
from tasks.store.claim_keys import (
    about_of,
    escalation_key,
    occurrence_of,
    page_key,
    people_of,
    runbook_key,
    team_page_key,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
REPEATED = Alert(description="x", names_one_occurrence=True)
REPORT = Alert(description="x")
SCAN = Alert(description="x", details={"findings": []})
OUTAGE, BREACH = IncidentType.DEPLOYMENT_FAILURE, IncidentType.DATA_BREACH


def incident(
    status: Status = Status.OPEN,
    incident_type: IncidentType = OUTAGE,
    resolved: timedelta | None = None,
    **more: object,
) -> Incident:
    """An incident; `resolved` is how long ago."""
    return Incident.model_validate(
        {
            "incidentId": str(UUID(int=7)),
            "severity": Severity.P1,
            "type": incident_type,
            "detectedAt": NOW - timedelta(days=1),
            "status": status,
            "resolvedAt": None if resolved is None else NOW - resolved,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("found", "alert", "wanted"),
    [
        (incident(Status.OPEN), REPORT, False),
        (incident(Status.INVESTIGATING), REPORT, False),
        (incident(Status.MITIGATED), REPORT, True),
        (incident(Status.MITIGATED), REPEATED, True),
        (incident(Status.MITIGATED, IncidentType.UNKNOWN), REPEATED, True),
        (incident(Status.RESOLVED, resolved=HOUR), REPORT, True),
        (incident(Status.RESOLVED, resolved=HOUR), REPEATED, True),
        (incident(Status.RESOLVED, resolved=HOUR + timedelta(seconds=1)), REPORT, False),
        (incident(Status.CLOSED, resolved=timedelta(0)), REPORT, False),
        (incident(Status.CLOSED, resolved=timedelta(0)), REPEATED, False),
        (incident(Status.MITIGATED, BREACH), REPORT, True),
        (incident(Status.MITIGATED, BREACH), REPEATED, False),
        (incident(Status.MITIGATED, IncidentType.SECURITY), SCAN, False),
        (incident(Status.RESOLVED, BREACH, timedelta(0)), REPORT, False),
    ],
)
def test_who_asks_for_a_look(found: Incident, alert: Alert, wanted: bool) -> None:
    """What is contained or was just over; what a health check cannot show only while contained."""
    assert wanted == wants_look(found, alert, NOW, HOUR)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_unknown_is_not_well(verdict: Verdict) -> None:
    """And the sentence says which it was, and when."""
    look = Look(verdict=verdict, seen="shop: HTTP 500", at=NOW)

    assert (verdict in ("broken", "unknown")) == look.is_second_outage
    assert "12:00:00 UTC: shop: HTTP 500" in look.sentence
    assert ("could not look" in look.sentence) == (verdict == "unknown")


def test_each_occurrence_has_keys_of_its_own() -> None:
    """The first keeps those that it always had; a pager rings under another key for the second."""
    first, second = incident(), incident(occurrence=2, relapsed_at=NOW)

    assert ("page:P1", "page:P1:occurrence-2") == (page_key(first), page_key(second))
    assert ("runbook:P1", "runbook:P1:occurrence-2") == (runbook_key(first), runbook_key(second))
    assert ("", "occurrence-2") == (about_of(page_key(first)), about_of(page_key(second)))
    assert (1, 2) == (occurrence_of(page_key(first)), occurrence_of(page_key(second)))
    assert "escalation:P1:3:occurrence-2" == about_of(escalation_key(second, 3))
    assert "security" == people_of(about_of(team_page_key(second, "security")))


def test_the_record_stays_the_spec_s() -> None:
    """The occurrence stands beside it: in the title, and in the parameter of its run."""
    second = incident(occurrence=2, relapsed_at=NOW)

    validate("incident", second.to_json())
    assert incident().to_json() == second.to_json()
    assert second.title.endswith("00000000 (occurrence 2)")
    assert NOW == second.began_at
    assert {"incidentId": str(UUID(int=7)), "occurrence": 2} == parameter_of(second)
    assert {"incidentId": str(UUID(int=7))} == parameter_of(incident())
