"""Which alerts are one incident: what agrees in the fields, and never what must stay apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.incident import Alert, Grouping, IncidentType, group_of, retyped
from schemas.incident.grouping import BY
from schemas.settings import Settings

DEPLOYMENT = IncidentType.DEPLOYMENT_FAILURE
WORD = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
FIELDS = st.lists(
    st.sampled_from(["type", "target", "service", "sender", "dedup_key", "alertname", "team"]),
    min_size=1,
    max_size=4,
).map(tuple)
TYPES = st.sampled_from(list(IncidentType))
APART = st.sampled_from(
    [IncidentType.SECURITY, IncidentType.DATA_BREACH, IncidentType.AGENT_VIOLATION]
)


def alert(service: str | None = "shop", **more: Any) -> Alert:
    """An alert that is about something."""
    return Alert.model_validate({"description": "it fails", "service": service, **more})


ALERTS = st.builds(
    alert,
    service=st.none() | WORD,
    description=WORD,
    source=WORD,
    dedup_key=st.none() | WORD,
    names_one_occurrence=st.booleans(),
    labels=st.dictionaries(st.sampled_from(["alertname", "team"]), WORD),
)


def group(incident_type: IncidentType = DEPLOYMENT, target: str | None = None, **said: Any) -> Any:
    """The group of an alert, with the settings as they are by default."""
    grouping = Settings.model_validate({}).grouping.of(incident_type, target)
    return group_of(alert(**said), incident_type, grouping)


@given(ALERTS, TYPES, FIELDS, WORD)
def test_an_alert_is_in_its_own_group(one: Alert, kind: IncidentType, by: Any, target: str) -> None:
    """The same alert again, whenever and however urgent, is the same trouble."""
    again = one.model_copy(update={"detected_at": alert().detected_at, "severity": None})
    grouping = Grouping(by=by, target=target)

    assert group_of(one, kind, grouping) == group_of(again, kind, grouping)


@given(ALERTS, APART, TYPES, FIELDS)
def test_what_needs_a_containment_of_its_own_is_never_another_type_s(
    one: Alert, kind: IncidentType, other: IncidentType, by: Any
) -> None:
    """Whatever the settings say: a breach is not swallowed by a failed deployment."""
    assume(kind != other)

    assert group_of(one, kind, Grouping(by=by)) != group_of(one, other, Grouping(by=by))


@given(ALERTS, ALERTS, TYPES)
def test_another_service_is_another_group(one: Alert, other: Alert, kind: IncidentType) -> None:
    """Where no target holds them together; and of what has no service only the same report."""
    assume(one.service != other.service)

    assert group_of(one, kind, Grouping(by=BY)) != group_of(other, kind, Grouping(by=BY))


@given(ALERTS, FIELDS, WORD, WORD)
def test_another_agent_is_another_group(one: Alert, by: Any, agent: str, other: str) -> None:
    """It has to be stopped, too."""
    assume(agent != other)
    kind, grouping = IncidentType.AGENT_VIOLATION, Grouping(by=by)
    named = [one.model_copy(update={"details": {"agent": each}}) for each in (agent, other)]

    assert group_of(named[0], kind, grouping) != group_of(named[1], kind, grouping)


@pytest.mark.parametrize(
    ("kind", "one", "other", "together"),
    [
        ("deployment-failure", {"dedup_key": "a"}, {"dedup_key": "b"}, True),
        ("unknown", {"description": "slow"}, {"description": "down"}, True),
        ("unknown", {"service": None, "description": "a"}, {"service": None}, False),
        ("unknown", {"service": None}, {"service": None}, True),
        (
            "security",
            {"dedup_key": "a", "details": {"findings": [1]}},
            {"dedup_key": "b", "details": {"findings": [1]}},
            False,
        ),
        ("security", {"dedup_key": "a"}, {"dedup_key": "b"}, True),
        ("data-breach", {"dedup_key": "a"}, {"dedup_key": "b"}, False),
        ("data-breach", {"labels": {"alertname": "A"}}, {"labels": {"alertname": "B"}}, False),
        (
            "data-breach",
            {"dedup_key": "a", "names_one_occurrence": True},
            {"dedup_key": "b", "names_one_occurrence": True},
            True,
        ),
    ],
)
def test_by_default(kind: str, one: Any, other: Any, together: bool) -> None:
    """One type and one target; a breach, and what brings its own findings, stays apart."""
    assert (group(IncidentType(kind), **one) == group(IncidentType(kind), **other)) is together


def test_services_of_a_target_are_together_where_it_is_responded_to_as_a_whole() -> None:
    """A rollback is of the target; isolated is the service that was named."""
    kinds = (DEPLOYMENT, IncidentType.SECURITY, IncidentType.DATA_BREACH)
    same = [
        group(kind, "shop", service="web") == group(kind, "shop", service="db") for kind in kinds
    ]

    assert [True, False, False] == same


@pytest.mark.parametrize("off", [[], "off"])
def test_grouping_can_be_switched_off(off: Any) -> None:
    """For all, or for one type."""
    every = Settings.model_validate({"grouping": {"by": off}}).grouping
    one = Settings.model_validate({"grouping": {"types": {"security": off}}}).grouping

    assert {()} == {every.of(kind, None).by for kind in IncidentType}
    assert None is group_of(alert(), DEPLOYMENT, every.of(DEPLOYMENT, None))
    assert ((), BY) == (one.of(IncidentType.SECURITY, None).by, one.of(DEPLOYMENT, None).by)


def test_labels_and_senders_group_too() -> None:
    """Any name that is no field of ours is a label; one that is missing is a value, too."""
    grouping = Grouping(by=("sender", "team"))
    groups = [
        group_of(each, DEPLOYMENT, grouping)
        for each in (
            alert(labels={"team": "a"}),
            alert(labels={"team": "b"}),
            alert(),
            alert(service="till", labels={"team": "a"}),
            alert(labels={"team": "a"}, source="grafana"),
        )
    ]

    assert groups[0] == groups[3]
    assert 4 == len(set(groups))


def test_a_corrected_type_moves_the_group() -> None:
    """What turned out to be drift joins the drift of its target."""
    before = group(IncidentType.UNKNOWN, "shop")

    assert group(IncidentType.DRIFT, "shop") == retyped(before, IncidentType.DRIFT)
    assert None is retyped(None, IncidentType.DRIFT)
    assert [["type", "unknown"], ["target", "shop"]] == json.loads(before)
