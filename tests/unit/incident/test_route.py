"""Both tables of the spec, cell by cell, and the effect of overriding them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.spec import json_after, lines_between
from schemas.incident import (
    DEFAULT_ROUTES,
    INCIDENT_TYPES,
    Escalation,
    IncidentType,
    Route,
    Severity,
    SlackChannel,
    route_for,
)
from schemas.settings import JIRA_PRIORITIES, SLACK_CHANNELS

SEVERITY_TABLE = lines_between(
    "SeverityResponse TimeNotification ChannelEscalation", "Slack Integration"
)
TYPE_TABLE = lines_between("TypeDescriptionAuto-Response", "Rollback Automation")
SLACK_IN_TABLE = {
    SlackChannel.CRITICAL: "#incidents",
    SlackChannel.WARNING: "#aeef-warnings",
    SlackChannel.INFO: "#aeef-info",
}
CLOCKS = {
    None: "",
    timedelta(minutes=15): " within 15 min",
    timedelta(hours=1): " within 1 hour",
}
severities = st.sampled_from(Severity)


def as_in_the_table(severity: Severity, route: Route) -> str:
    """A route as the spec's text has its row: the cells without anything between them."""
    channels = [
        *(["PagerDuty"] if route.page else []),
        f"Slack {SLACK_IN_TABLE[route.slack]}",
        *(["Phone"] if route.phone else []),
    ]
    [level] = route.escalation
    escalation = level.to + CLOCKS[level.after]
    return f"{severity}{route.response_time}{' + '.join(channels)}{escalation}"


@pytest.mark.proves(
    "SPEC-P1-time",
    "SPEC-P1-channel",
    "SPEC-P1-escalation",
    "SPEC-P2-time",
    "SPEC-P2-channel",
    "SPEC-P2-escalation",
    "SPEC-P3-time",
    "SPEC-P3-channel",
    "SPEC-P3-escalation",
    "SPEC-P4-time",
    "SPEC-P4-channel",
    "SPEC-P4-escalation",
)
@pytest.mark.parametrize(("severity", "row"), list(zip(Severity, SEVERITY_TABLE, strict=True)))
def test_every_cell_of_the_severity_table_is_as_the_spec_has_it(
    severity: Severity, row: str
) -> None:
    """Response time, channels, phone and escalation of each severity."""
    assert row == as_in_the_table(severity, DEFAULT_ROUTES[severity])


@pytest.mark.proves(
    "SPEC-TYPE-drift-description",
    "SPEC-TYPE-security-description",
    "SPEC-TYPE-agent-violation-description",
    "SPEC-TYPE-data-breach-description",
    "SPEC-TYPE-quality-degradation-description",
    "SPEC-TYPE-deployment-failure-description",
)
@pytest.mark.parametrize(
    "incident_type", [each for each in IncidentType if each is not IncidentType.UNKNOWN]
)
def test_every_cell_of_the_type_table_is_as_the_spec_has_it(incident_type: IncidentType) -> None:
    """Description and automatic response of each type."""
    facts = INCIDENT_TYPES[incident_type]

    assert f"{incident_type}{facts.description}{facts.auto_response}" in TYPE_TABLE


def test_there_are_the_types_of_the_spec_and_unknown() -> None:
    """Each row has a type, and every type its facts."""
    assert len(TYPE_TABLE) + 1 == len(IncidentType)
    assert set(INCIDENT_TYPES) == set(IncidentType)


@pytest.mark.proves("SPEC-TRIAGE-actions")
def test_the_triage_script_s_actions_are_in_the_routes() -> None:
    """P1 rolls back and pages, P2 pages, P3 makes a ticket, P4 only logs (spec, triage.sh)."""
    done = {s: (r.rollback, r.page, r.ticket) for s, r in DEFAULT_ROUTES.items()}

    assert done == {
        Severity.P1: (True, True, False),
        Severity.P2: (False, True, False),
        Severity.P3: (False, False, True),
        Severity.P4: (False, False, False),
    }
    assert JIRA_PRIORITIES[Severity.P3].lower() == "high"


@pytest.mark.proves("SPEC-P1-time", "SPEC-P2-time", "IR-ACKNOWLEDGE", "IR-MITIGATE")
def test_the_clocks_are_aeef_s_targets() -> None:
    """P1: taken within 15 minutes, mitigated within 4 h; P2: 30 minutes, 8 h; others: no clock."""
    assert [DEFAULT_ROUTES[s].acknowledge_within for s in Severity] == [
        timedelta(minutes=15),
        timedelta(minutes=30),
        None,
        None,
    ]
    assert [DEFAULT_ROUTES[s].mitigate_within for s in Severity] == [
        timedelta(hours=4),
        timedelta(hours=8),
        None,
        None,
    ]


@pytest.mark.proves("SPEC-SLACK-channels")
def test_the_slack_channels_are_the_spec_s() -> None:
    """The names of the spec's Slack configuration are the defaults."""
    assert json_after("Slack Integration")["channels"] == {
        str(channel): name for channel, name in SLACK_CHANNELS.items()
    }


def test_a_page_tries_every_channel() -> None:
    """A page that one channel does not take goes out by the next, PagerDuty first."""
    for route in DEFAULT_ROUTES.values():
        assert set(route.page_channels) == {
            "pagerduty",
            "alertmanager",
            "phone",
            "slack",
            "message",
            "jira",
            "inbox",
        }
        assert route.page_channels[0] == "pagerduty"


@given(severity=severities, incident_type=st.one_of(st.sampled_from(IncidentType), st.text()))
def test_every_incident_has_a_route(severity: Severity, incident_type: str) -> None:
    """Routing is total, also for unknown types; the type decides only one thing."""
    route = route_for(severity, incident_type)

    rolls_back = severity is Severity.P1 or incident_type == IncidentType.DEPLOYMENT_FAILURE
    assert route == DEFAULT_ROUTES[severity].model_copy(update={"rollback": rolls_back})


@given(severity=severities, other=severities)
def test_an_override_counts_for_its_own_severity_only(severity: Severity, other: Severity) -> None:
    """A configured route replaces that of its severity and of no other."""
    quiet = DEFAULT_ROUTES[severity].model_copy(update={"escalation": (Escalation(to="nobody"),)})
    route = route_for(other, IncidentType.DRIFT, {severity: quiet})

    assert route == (quiet if other is severity else DEFAULT_ROUTES[other])


def test_p1_is_worse_than_p4() -> None:
    """Severities are ordered by how bad they are."""
    assert Severity.P1.is_worse_than(Severity.P2)
    assert Severity.P3.is_worse_than(Severity.P4)
    assert not Severity.P2.is_worse_than(Severity.P2)
