"""The incident record is the spec's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.spec import json_after
from schemas.errors import InvalidInput
from schemas.incident import Action, Incident, PostMortem, Severity, Status
from schemas.validation import validate

moments = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
texts = st.text(max_size=30)
incidents = st.fixed_dictionaries(
    {
        "incident_id": st.uuids(),
        "severity": st.sampled_from(Severity),
        "type": texts,
        "description": texts,
        "detected_at": moments,
        "resolved_at": st.none() | moments,
        "status": st.sampled_from(Status),
        "affected_services": st.lists(texts, max_size=3),
        "root_cause": st.none() | texts,
        "actions_taken": st.lists(
            st.builds(Action, timestamp=moments, action=texts, automated=st.booleans()), max_size=3
        ),
        "post_mortem": st.none()
        | st.builds(
            PostMortem,
            timeline=st.none() | texts,
            root_cause_analysis=st.none() | texts,
            action_items=st.none() | st.lists(texts, max_size=2),
        ),
    }
).map(Incident.model_validate)


def record(**changes: Any) -> dict[str, Any]:
    """A complete record, with these changes."""
    return {
        "incidentId": str(uuid4()),
        "severity": "P1",
        "type": "security",
        "detectedAt": "2026-11-24T01:02:03Z",
        "status": "open",
        **changes,
    }


@pytest.mark.proves("SPEC-RECORD-schema")
def test_the_schema_is_the_spec_s() -> None:
    """Not one word of the spec's schema was changed."""
    ours = json.loads(files("schemas").joinpath("incident.schema.json").read_text("utf-8"))

    assert json_after("Incident Record Schema") == ours


@given(incident=incidents)
def test_every_record_is_valid_and_round_trips(incident: Incident) -> None:
    """Whatever is in it, a record fits the schema, and nothing is lost on the way through JSON."""
    data = json.loads(json.dumps(incident.to_json()))
    validate("incident", data)

    assert incident == Incident.model_validate(data)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"incidentId": "not-a-uuid"}, "$.incidentId"),
        ({"detectedAt": "yesterday"}, "$.detectedAt"),
        ({"detectedAt": "2026-11-24 01:02:03"}, "$.detectedAt"),
        ({"detectedAt": "2026-11-24T01:02:03"}, "$.detectedAt"),
        ({"resolvedAt": "2026-13-01T00:00:00Z"}, "$.resolvedAt"),
        ({"severity": "P5"}, "$.severity"),
        ({"status": "Open"}, "$.status"),
        ({"affectedServices": "shop"}, "$.affectedServices"),
        ({"actionsTaken": [{"timestamp": "now"}]}, "$.actionsTaken[0].timestamp"),
        ({"postMortem": {"actionItems": [1]}}, "$.postMortem.actionItems[0]"),
    ],
)
def test_a_wrong_record_is_refused_with_the_field(changes: dict[str, Any], named: str) -> None:
    """Formats are really checked: dates and UUIDs, too."""
    with pytest.raises(InvalidInput) as raised:
        validate("incident", record(**changes))

    assert f"{named}: " in str(raised.value)


@pytest.mark.parametrize("field", ["incidentId", "severity", "type", "detectedAt", "status"])
def test_what_the_spec_requires_is_required(field: str) -> None:
    """Every required field, one by one."""
    incomplete = record()
    del incomplete[field]
    with pytest.raises(InvalidInput, match=f"'{field}' is a required property"):
        validate("incident", incomplete)


def test_absent_values_are_left_out() -> None:
    """The spec has no null: what is not known is not there."""
    data = Incident.model_validate(record()).to_json()

    assert {"resolvedAt", "rootCause", "postMortem"}.isdisjoint(data)


def test_a_status_only_comes_after_the_ones_before_it() -> None:
    """The order is that of the spec; the last two are the end."""
    order = list(Status)

    assert [(a, b) for i, a in enumerate(order) for j, b in enumerate(order) if i > j] == [
        (a, b) for a in order for b in order if a.comes_after(b)
    ]
    assert [Status.RESOLVED, Status.CLOSED] == [status for status in Status if status.is_over]


def test_the_title_names_the_incident_in_one_line() -> None:
    """Severity, type, service, and its number; before it has one, the beginning of its id."""
    data = record(incidentId="12345678-1234-4234-8234-1234567890ab")
    unnumbered = Incident.model_validate(data)
    numbered = Incident.model_validate({**data, "affectedServices": ["shop"], "number": 1284})

    assert "P1 security unknown service 12345678" == unnumbered.title
    assert "P1 security shop #1284" == numbered.title
    assert ("12345678", "1284") == (unnumbered.short_id, numbered.short_id)


def test_the_number_is_not_in_the_spec_s_document() -> None:
    """The record stays exactly the spec's."""
    assert "number" not in Incident.model_validate(record(number=7)).to_json()


def test_a_title_is_one_printable_line() -> None:
    """It stands in logs and errors, and a service may be called anything."""
    named = Incident(
        incident_id=UUID(int=7),
        number=7,
        severity=Severity.P1,
        type="drift",
        detected_at=datetime(2026, 1, 1, tzinfo=UTC),
        affected_services=["sh\x1b[2Jop\n\u202ex"],
    )

    assert "P1 drift sh [2Jop x #7" == named.title
