"""What words suggest: over a corpus of public alert rules no guess is wrong, and none missing."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.incident import Alert, IncidentType, TypeSource, classify
from schemas.incident.words import find_phrase, sentences_of, words_of
from support import TESTS

CORPUS = tomllib.loads((TESTS / "samples" / "alert_rules.toml").read_text("utf-8"))
NAMED = [
    (incident_type, name)
    for each in CORPUS["rules"]
    for incident_type in IncidentType
    for name in each.get(incident_type, "").split()
]


def guessed(name: str = "", description: str = "something is up") -> str:
    """The type by words alone, and that it is only a guess."""
    triage = classify(Alert(description=description, labels={"alertname": name}))

    guesses = TypeSource.NONE if triage.type == IncidentType.UNKNOWN else TypeSource.GUESS
    assert guesses is triage.source
    return triage.type


def test_no_public_rule_becomes_what_it_is_not() -> None:
    """Several hundred names, as Alertmanager sends them, and as the whole of a message."""
    assert len(NAMED) > 900
    wrong = [
        (name, expected, guessed(name), guessed(description=name))
        for expected, name in NAMED
        if {expected} != {guessed(name), guessed(description=name)}
    ]

    assert [] == wrong


@pytest.mark.parametrize("rule", CORPUS["annotated"], ids=lambda rule: rule["name"])
def test_what_a_rule_says_changes_its_type_only_where_it_should(rule: dict[str, str]) -> None:
    """Annotations share more words with our types than names do."""
    assert rule["type"] == guessed(rule["name"], rule["says"])


@pytest.mark.parametrize(
    ("incident_type", "texts"),
    [
        ("data-breach", "CustomerDataLeaked pii-exposure-in-logs PatientRecordsLeak"
         " UnauthorizedAccessToCustomerData personal_data_exposed"),
        ("agent-violation", "AgentViolation AgentScopeExceeded AgentTrustBoundaryCrossed"
         " CodingAgentForbiddenAction agent_permission_scope_exceeded RogueAgentDetected"),
        ("security", "CVE-2026-1234 SASTFinding MalwareDetected SecretLeaked SecurityScanFailed"
         " ExploitAttempt ContainerCompromised HighSeverityCVEsFound"),
        ("deployment-failure", "RolloutFailed deploy_failed ProductionDeployFailed"
         " HelmReleaseFailed"),
        ("drift", "InfrastructureDrift ConfigurationDriftDetected terraform_drift"),
        ("quality-degradation", "MutationScoreLow TestCoverageDropped CodeCoverageBelow80"
         " QualityGateFailed CoverageBelowThreshold"),
    ],
)  # fmt: skip
def test_what_clearly_says_so_is_found(incident_type: str, texts: str) -> None:
    """Each type of the spec, however a name writes its words."""
    found = {text: guessed(text) for text in texts.split()}

    assert dict.fromkeys(found, incident_type) == found


@pytest.mark.parametrize(
    "text",
    [
        "a breach of contract", "no data breach was found", "this is not a data leak",
        "customer data was not found", "data leak drill", "vulnerable to data loss",
        "the security group was changed", "trivy's vulnerability database is outdated",
        "vulnerability scanner down", "CVE feed stale", "node agent violation",
        "cilium agent policy violation", "clock drift from the configured NTP server",
        "replication drift", "backup coverage is low", "Wifi coverage low",
        "signal quality degraded", "service quality degradation", "the scaffold fell",
        "lock release failed", "the tests of escalation failed", "Raspberry PI ingress",
        "data freshness SLO breach", "breach of the data retention limit", "memory leak",
    ],
)  # fmt: skip
def test_words_that_mean_something_else_are_no_guess(text: str) -> None:
    """Monitoring has the words of all six types for something of its own."""
    assert "unknown" == guessed(description=text)


@pytest.mark.parametrize(
    ("name", "description", "said"),
    [
        ("PII_EXPOSED", "x", "'pii exposed' in the name PII_EXPOSED"),
        ("\x1b[31mDataBreach\n", "x", "'data breach' in the name [31mDataBreach"),
        ("X", "PII of Mrs Miller was leaked", "'pii … leaked' in the description"),
        ("A" * 200 + "DataBreach", "x", f"'data breach' in the name {'A' * 80}"),
    ],
)
def test_people_read_what_it_was_guessed_from(name: str, description: str, said: str) -> None:
    """Our own words only, and the beginning of the name: nothing else of what the sender wrote."""
    alert = Alert(description=description, labels={"alertname": name})

    assert said == classify(alert).guessed_from


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KubeAPIInstanceUnreachable", "kube api instance unreachable"),
        ("SLOBreach", "slo breach"),
        ("CVEsFound", "cves found"),
        ("pii_exposed-in.logs", "pii exposed in logs"),
        ("HTTP5xxErrors", "http 5 xx errors"),
        ("Größenänderung", "größenänderung"),
    ],
)
def test_a_name_is_taken_apart(name: str, words: str) -> None:
    """At camel case, digits, and everything that is no letter."""
    assert words.split() == words_of(name)


@given(before=st.sampled_from("abcxyz"), after=st.sampled_from("abcxyz"))
def test_a_part_of_a_word_is_no_word(before: str, after: str) -> None:
    """However a word is surrounded by letters."""
    for text in (f"{before}cve 2026 1", f"cve{after} 2026 1"):
        assert "unknown" == guessed(description=text)


@given(text=st.text(max_size=200))
def test_no_text_breaks_a_guess(text: str) -> None:
    """Whatever is in it."""
    guessed(text, f"x {text}")
    assert all(find_phrase("no such phrase", each) is None for each in sentences_of(text))
