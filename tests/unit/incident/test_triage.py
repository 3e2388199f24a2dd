"""Triage: labels over rules over defaults, and a result for every alert."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.incident import (
    INCIDENT_TYPES,
    Alert,
    IncidentType,
    Rule,
    Severity,
    Triage,
    TypeSource,
    classify,
    severity_from_word,
)

DRIFT = Rule(type=IncidentType.DRIFT, severity=Severity.P4, keywords=("drift",))
alerts = st.builds(
    Alert,
    type=st.none() | st.sampled_from(IncidentType),
    severity=st.none() | st.sampled_from(Severity),
    description=st.text(min_size=1).filter(lambda text: bool(text.strip())),
    labels=st.dictionaries(
        st.sampled_from(["severity", "aeef_type", "alertname", "priority", "job"]), st.text()
    ),
)


@pytest.mark.proves("SPEC-TRIAGE-route")
@given(alert=alerts)
def test_every_alert_gets_a_type_and_a_severity(alert: Alert) -> None:
    """Triage is total, and what the sender says is never overruled."""
    triage = classify(alert)

    assert alert.type in (None, triage.type)
    assert alert.severity in (None, triage.severity)


@given(alert=alerts, rules=st.lists(st.builds(Rule, type=st.sampled_from(IncidentType))))
def test_no_rule_overrules_the_labels(alert: Alert, rules: list[Rule]) -> None:
    """A type in the labels wins over every rule."""
    labelled = alert.model_copy(update={"type": None, "labels": {"aeef_type": "data_breach"}})

    assert classify(labelled, tuple(rules)).type is IncidentType.DATA_BREACH


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Configuration drift on web-3", IncidentType.DRIFT),
        ("CVE-2026-1234 in libfoo", IncidentType.SECURITY),
        ("SAST finding in production", IncidentType.SECURITY),
        ("Agent exceeded trust boundary", IncidentType.AGENT_VIOLATION),
        ("PII exposure in the logs", IncidentType.DATA_BREACH),
        ("Mutation score below threshold", IncidentType.QUALITY_DEGRADATION),
        ("Production deployment failed health checks", IncidentType.DEPLOYMENT_FAILURE),
        ("the scaffold is rickety", IncidentType.UNKNOWN),
        ("drifting apart", IncidentType.UNKNOWN),
    ],
)
def test_words_of_the_description_tell_the_type(description: str, expected: IncidentType) -> None:
    """Every type of the spec is recognised by whole words; parts of words say nothing."""
    assert classify(Alert(description=description)).type is expected


@pytest.mark.parametrize(
    ("alertname", "expected"),
    [
        ("ConfigDrift", IncidentType.DRIFT),
        ("SecurityScanFailed", IncidentType.SECURITY),
        ("AgentScopeExceeded", IncidentType.AGENT_VIOLATION),
        ("DataBreachSuspected", IncidentType.DATA_BREACH),
        ("MutationScoreLow", IncidentType.QUALITY_DEGRADATION),
        ("DeploymentFailed", IncidentType.DEPLOYMENT_FAILURE),
        ("HighLatency", IncidentType.UNKNOWN),
    ],
)
def test_the_alert_s_name_tells_the_type(alertname: str, expected: IncidentType) -> None:
    """Alertmanager's `alertname` is recognised whatever its case."""
    alert = Alert(description="something", labels={"alertname": alertname})

    assert classify(alert).type is expected


def test_the_sender_wins_then_labels_then_rules_then_the_default() -> None:
    """Each source is used only when the ones before it say nothing."""
    labels = {"aeef_type": "security", "severity": "warning"}
    said = {"type": IncidentType.DATA_BREACH, "severity": Severity.P2}
    alert = Alert(description="drift", labels=labels)

    assert [
        classify(alert.model_copy(update=said), (DRIFT,)),
        classify(alert, (DRIFT,)),
        classify(alert.model_copy(update={"labels": {}}), (DRIFT,)),
        classify(alert.model_copy(update={"labels": {}}), ()),
    ] == [
        Triage(IncidentType.DATA_BREACH, Severity.P2, TypeSource.SENDER),
        Triage(IncidentType.SECURITY, Severity.P3, TypeSource.SENDER),
        Triage(IncidentType.DRIFT, Severity.P4, TypeSource.RULE),
        Triage(
            IncidentType.UNKNOWN,
            INCIDENT_TYPES[IncidentType.UNKNOWN].default_severity,
            TypeSource.NONE,
        ),
    ]


def test_a_rule_s_severity_counts_only_with_its_type() -> None:
    """A rule for drift does not make a security incident unimportant."""
    alert = Alert(type=IncidentType.SECURITY, description="drift")

    expected = Triage(IncidentType.SECURITY, Severity.P2, TypeSource.SENDER)
    assert expected == classify(alert, (DRIFT,))


def test_a_rule_without_a_type_sets_the_severity_of_any() -> None:
    """A rule may say how bad something is and leave the type to the next rule."""
    production = Rule(severity=Severity.P1, labels={"env": "prod.*"})
    alert = Alert(description="drift", labels={"env": "production"})

    expected = Triage(IncidentType.DRIFT, Severity.P1, TypeSource.RULE)
    assert expected == classify(alert, (production, DRIFT))


def test_a_configured_default_severity_is_used() -> None:
    """The config file's default for a type replaces ours."""
    triage = classify(
        Alert(type=IncidentType.DRIFT), default_severities={IncidentType.DRIFT: Severity.P1}
    )

    assert Severity.P1 is triage.severity


def test_a_rule_matches_whole_values_and_all_that_it_asks_for() -> None:
    """Labels, name and keywords must all fit, each in full."""
    rule = Rule(labels={"team": "pay"}, alertname="disk.*", keywords=("full",))
    fits = Alert(description="Disk FULL", labels={"team": "pay", "alertname": "DiskFull"})

    assert rule.matches(fits)
    assert not rule.matches(fits.model_copy(update={"description": "fully booked"}))
    assert not rule.matches(fits.model_copy(update={"labels": {**fits.labels, "team": "payroll"}}))


@pytest.mark.parametrize("rule", [{"alertname": "("}, {"labels": {"team": "["}}])
def test_a_bad_pattern_is_named(rule: dict[str, object]) -> None:
    """A rule that is no regular expression is an error of the settings, not of an incident."""
    with pytest.raises(ValidationError, match="is not a regular expression"):
        Rule.model_validate(rule)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("P1 p1 SEV1 SEV-1 sev_1 1 critical CRITICAL page", Severity.P1),
        ("P2 sev2 Sev-2 2 error high major", Severity.P2),
        ("P3 sev3 sev-3 3 warning warn medium minor", Severity.P3),
        ("P4 sev4 sev-4 4 info informational low none", Severity.P4),
        ("sev P5 sev-5 0 11 severe", None),
    ],
)
def test_severity_words(words: str, expected: Severity | None) -> None:
    """The words of other systems map one to one; what we do not know stays unknown."""
    assert {expected} == {severity_from_word(word) for word in words.split()}
    assert {expected} == {severity_from_word(f" {word}\n") for word in words.split()}


def test_a_severity_with_a_space_is_the_same_word() -> None:
    """`SEV 1` is `SEV1`."""
    assert [Severity.P1, Severity.P4] == [severity_from_word(word) for word in ("SEV 1", "Sev 4")]


@given(word=st.text())
def test_no_word_breaks_the_severity(word: str) -> None:
    """Any text is a severity or none."""
    assert severity_from_word(word) in {None, *Severity}
