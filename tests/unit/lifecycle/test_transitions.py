"""What may become of an incident, and when a sender's word is enough: every case of the rules."""

from __future__ import annotations

from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from schemas.incident import (
    DEFAULT_ROUTES,
    NEEDS_WORD,
    Incident,
    IncidentType,
    SenderEnds,
    Severity,
    Status,
    route_for,
)
from schemas.lifecycle import Verb, filter_of, person_of, why_not, why_not_by_sender
from schemas.model import utc_now

SEVERE = (Severity.P1, Severity.P2)


def incident(
    status: Status = Status.OPEN,
    severity: Severity = Severity.P3,
    kind: IncidentType = IncidentType.DRIFT,
) -> Incident:
    """An incident of this status, severity and type."""
    return Incident(
        incident_id=uuid4(),
        severity=severity,
        type=kind.value,
        detected_at=utc_now(),
        status=status,
        number=7,
    )


@pytest.mark.parametrize(("verb", "status"), list(product(Verb, Status)))
def test_every_transition_is_allowed_or_says_what_is_missing(verb: Verb, status: Status) -> None:
    """What is over can only be reopened, closed, decided on, or get other services."""
    over = {Verb.DECIDE, Verb.SET_SERVICES, Verb.CLOSE, Verb.REOPEN}
    allowed = {
        Status.OPEN: set(Verb) - {Verb.CLOSE, Verb.REOPEN},
        Status.INVESTIGATING: set(Verb) - {Verb.CLOSE, Verb.REOPEN},
        Status.MITIGATED: set(Verb) - {Verb.CLOSE},
        Status.RESOLVED: over,
        Status.CLOSED: {Verb.REOPEN},
    }
    refused = why_not(verb, incident(status))

    assert (verb in allowed[status]) == (refused == "")
    if refused:
        assert "#7" in refused
        assert any(word in refused for word in ("reopen", "resolve it first"))


def test_what_is_lacking_for_a_close_is_named() -> None:
    """Only where the status allows it: else that is said."""
    lacks = ["its review", "a reader"]
    refused = why_not(Verb.CLOSE, incident(Status.RESOLVED), lacks)
    going_on = why_not(Verb.CLOSE, incident(Status.OPEN), lacks)

    assert "missing: its review; a reader" in refused
    assert "resolve it first" in going_on


@given(
    severity=some.sampled_from(Severity),
    kind=some.sampled_from(IncidentType),
    is_taken=some.booleans(),
    has_failed=some.booleans(),
    ends=some.none() | some.sampled_from(SenderEnds),
)
def test_a_sender_ends_only_what_its_route_says(
    severity: Severity,
    kind: IncidentType,
    is_taken: bool,
    has_failed: bool,
    ends: SenderEnds | None,
) -> None:
    """By default P3 and P4 that somebody has taken; whatever the route, never the grave types."""
    route = route_for(severity, kind, DEFAULT_ROUTES)
    if ends is not None:
        route = route.model_copy(update={"resolved_by_sender": ends})
    says = route.resolved_by_sender
    why = why_not_by_sender(
        incident(severity=severity, kind=kind), route, is_taken=is_taken, has_failed=has_failed
    )

    by_route = says is SenderEnds.ALWAYS or (says is SenderEnds.ONCE_TAKEN and is_taken)
    assert (why == "") == (by_route and not has_failed and kind not in NEEDS_WORD)
    if ends is None:
        assert says is (SenderEnds.NEVER if severity in SEVERE else SenderEnds.ONCE_TAKEN)


@pytest.mark.parametrize(
    ("on_record", "person"),
    [
        ("ann (token)", "ann"),
        ("ann (pagerduty)", "ann"),
        ("bo", "bo"),
        ("local user ceo, not proven", "local user ceo, not proven"),
        ("U0 X, not one of our people (slack)", "U0 X, not one of our people (slack)"),
    ],
)
def test_a_person_is_the_same_however_they_came(on_record: str, person: str) -> None:
    """Who is not proven is nobody else but what stands there."""
    assert person == person_of(on_record)


def test_filters_of_an_address_are_read() -> None:
    """Several with commas; `going-on` is what is not over."""
    wanted = filter_of({"status": "going-on", "severity": "P1, P2", "service": "shop", "q": "502"})
    fits = incident(severity=Severity.P1).model_copy(
        update={"affected_services": ["shop"], "description": "answers 502"}
    )

    assert wanted.fits(fits)
    for change in (
        {"status": Status.RESOLVED},
        {"severity": Severity.P3},
        {"affected_services": ["till"]},
        {"description": "fine"},
    ):
        assert not wanted.fits(fits.model_copy(update=change))
