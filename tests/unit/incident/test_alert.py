"""What a valid alert is, and which alerts are the same problem."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidInput
from schemas.incident import Alert, IncidentType, Severity, dedup_key_for
from tasks.incident.open_incident import parse_alert

json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("alert", [{"description": "x"}, {"type": "drift"}])
def test_a_description_or_a_type_is_enough(alert: dict[str, Any]) -> None:
    """Everything else has a default; the moment of detection is now."""
    before = datetime.now(UTC)
    parsed = parse_alert(alert)

    assert before <= parsed.detected_at <= datetime.now(UTC)
    assert (None, None, {}, "api") == (
        parsed.service,
        parsed.severity,
        parsed.labels,
        parsed.source,
    )


def test_every_field_of_the_public_json_is_read() -> None:
    """The names are those of the documentation."""
    alert = parse_alert(
        {
            "type": "security",
            "severity": "critical",
            "service": " shop ",
            "description": "CVE",
            "detectedAt": "2026-11-24T01:02:03.123456789+02:00",
            "source": "scanner",
            "dedupKey": "k",
            "labels": {"a": "b"},
            "details": {"deep": [1, {"x": None}]},
        }
    )

    assert alert == Alert(
        type=IncidentType.SECURITY,
        severity=Severity.P1,
        service="shop",
        description="CVE",
        detected_at=datetime(2026, 11, 23, 23, 2, 3, 123456, tzinfo=UTC),
        source="scanner",
        dedup_key="k",
        labels={"a": "b"},
        details={"deep": [1, {"x": None}]},
    )


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "'description' or 'type'"),
        ({"description": " \n"}, "'description' or 'type'"),
        ({"type": "boredom"}, "type: "),
        ({"type": "drift", "severity": "P5"}, "severity: "),
        ({"type": "drift", "severity": 1}, "severity: "),
        ({"type": "drift", "service": " "}, "service: "),
        ({"type": "drift", "service": "s" * 201}, "service: "),
        ({"type": "drift", "service": ["shop"]}, "service: "),
        ({"description": "d" * 20_001}, "description: "),
        ({"description": 3}, "description: "),
        ({"type": "drift", "dedupKey": ""}, "dedupKey: "),
        ({"type": "drift", "dedupKey": "k" * 1001}, "dedupKey: "),
        ({"type": "drift", "labels": {"a": 1}}, "labels.a: "),
        ({"type": "drift", "labels": ["a"]}, "labels: "),
        ({"type": "drift", "details": "x"}, "details: "),
        ({"type": "drift", "detectedAt": "yesterday"}, "detectedAt: "),
        ({"type": "drift", "detectedAt": "2026-11-24T01:02:03"}, "detectedAt: "),
        ({"type": "drift", "sevrity": "P1"}, "sevrity: "),  # codespell:ignore sevrity
        ([], "alert: "),
        (None, "alert: "),
        ("drift", "alert: "),
    ],
)
def test_the_wrong_field_is_named_and_its_value_is_not(wrong: Any, named: str) -> None:
    """The sender reads which field to mend; what it sent may be a secret and is not repeated."""
    with pytest.raises(InvalidInput) as raised:
        parse_alert(wrong)

    assert str(raised.value).startswith("not a valid alert: ")
    assert named in str(raised.value)
    assert "boredom" not in str(raised.value)
    assert raised.value.__cause__ is None


@given(data=json_data | st.dictionaries(st.sampled_from(sorted(Alert.model_fields)), json_data))
def test_any_json_is_an_alert_or_invalid(data: Any) -> None:
    """Nothing that a sender can write raises anything but InvalidInput."""
    with suppress(InvalidInput):
        assert isinstance(parse_alert(data), Alert)


@given(
    description=st.text(min_size=1, max_size=50).filter(lambda text: bool(text.strip())),
    service=st.none() | st.text("abc", min_size=1),
    labels=st.dictionaries(st.text(), st.text()),
)
def test_an_alert_round_trips(
    description: str, service: str | None, labels: dict[str, str]
) -> None:
    """Written as JSON and read again, an alert is the same."""
    alert = Alert(description=description, service=service, labels=labels)

    assert alert == parse_alert(alert.to_json())


def key(**alert: Any) -> str:
    """The dedup key of a security alert."""
    return dedup_key_for(Alert(**{"description": "x", **alert}), IncidentType.SECURITY)


def test_a_sender_s_own_key_is_used() -> None:
    """Whatever else the alert says."""
    assert "mine" == key(dedup_key="mine", service="shop")


def test_the_same_trouble_has_the_same_key_however_it_is_described() -> None:
    """Type and service identify the problem; words, time and severity do not."""
    later = datetime.now(UTC) + timedelta(hours=1)

    assert key(service="shop") == key(
        service="shop", description="y", detected_at=later, severity=Severity.P1
    )


@pytest.mark.parametrize("other", [{"service": "till"}, {"labels": {"alertname": "A"}}, {}])
def test_another_service_or_alert_is_another_trouble(other: dict[str, Any]) -> None:
    """Two services, or two alerts of one service, are two incidents."""
    assert key(service="shop") != key(
        **{"service": "shop" if other.get("labels") else None} | other
    )


def test_without_a_service_only_the_same_words_are_the_same_trouble() -> None:
    """Two alerts that name no service are not thrown together."""
    assert key() == key()
    assert key() != key(description="y")


def test_alerts_of_unknown_type_are_told_apart_by_their_words() -> None:
    """One service can have several kinds of unknown trouble."""
    one, two = (Alert(description=words, service="shop") for words in "xy")

    assert dedup_key_for(one, IncidentType.UNKNOWN) != dedup_key_for(two, IncidentType.UNKNOWN)
    assert dedup_key_for(one, IncidentType.DRIFT) != dedup_key_for(one, IncidentType.SECURITY)
