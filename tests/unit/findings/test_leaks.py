"""Leaked secrets: at least P2, and with a name that is not the secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.findings import Finding, is_leak, leak_name
from tasks.findings.read_findings import read_findings


def finding(tool: str, result: dict[str, Any], *rules: dict[str, Any]) -> Finding:
    """What is read of one result of this tool."""
    driver = {"name": tool, "rules": list(rules)}
    report = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": [result]}]}
    (found,) = read_findings(json.dumps(report).encode(), "r.sarif").findings
    return found


@pytest.mark.parametrize(
    ("tool", "result", "rules", "severity"),
    [
        ("gitleaks", {"ruleId": "r"}, [], "P2"),
        ("gitleaks", {"ruleId": "r", "level": "note"}, [], "P2"),
        ("TruffleHog", {"ruleId": "r", "level": "none"}, [], "P2"),
        ("gitleaks", {"ruleId": "r"},
         [{"id": "r", "properties": {"security-severity": "9.5"}}], "P1"),
        ("Trivy", {"ruleId": "r", "level": "note"},
         [{"id": "r", "properties": {"tags": ["secret", "security", "LOW"]}}], "P2"),
        ("Trivy", {"ruleId": "r", "level": "note"},
         [{"id": "r", "properties": {"tags": ["misconfiguration"]}}], "P4"),
        ("Bandit", {"ruleId": "B105", "level": "note"}, [], "P4"),
    ],
)  # fmt: skip
def test_a_leaked_key_is_at_least_p2(
    tool: str, result: dict[str, Any], rules: list[Any], severity: str
) -> None:
    """By the tool or by the rule's tags; Bandit's guesses at passwords are no leaks."""
    assert severity == finding(tool, result | {"message": {"text": "m"}}, *rules).severity


@pytest.mark.parametrize(
    ("message", "quoted", "name"),
    [
        ("AWS Access Key secret detected", "k = 'AKIA12'", "AWS Access Key secret detected"),
        ("Found token hunter2 in file", "token = hunter2", "Found token in file"),
        ("The password correcthorse leaked", "p: correcthorse", "The password leaked"),
        ("AKIAIOSFODNN7EXAMPLE", "", "secret found by ggshield"),
        ("", "", "secret found by ggshield"),
        ("'hunter' is a password", "hunter", "is a password"),
    ],
)
def test_a_leak_without_a_rule_has_a_name(message: str, quoted: str, name: str) -> None:
    """Its message's plain words, but none that the scanner quotes; else the tool."""
    region = {"startLine": 3, "snippet": {"text": quoted}}
    place = {"physicalLocation": {"artifactLocation": {"uri": "a.sh"}, "region": region}}
    found = finding("ggshield", {"message": {"text": message}, "locations": [place]})

    assert (name, "P2", "") == (found.id, found.severity, found.title)


def test_the_secret_in_the_properties_is_not_the_name() -> None:
    """As gitleaks 7 gives it."""
    result = {"message": {"text": "secret is swordfish"}, "properties": {"offender": "swordfish"}}

    assert "secret is" == finding("gitleaks", result).id


def test_trivy_s_own_json() -> None:
    """Its word may be low."""
    secret = {"RuleID": "jwt-token", "Severity": "LOW", "Title": "JWT", "StartLine": 2}
    report = {"Results": [{"Target": "a.sh", "Secrets": [secret]}]}
    (found,) = read_findings(json.dumps(report).encode(), "r.json").findings

    assert "P2" == found.severity


@pytest.mark.parametrize("tool", ["gitleaks", "GitGuardian", "detect-secrets", "secret scanning"])
def test_tools_that_look_for_secrets_only(tool: str) -> None:
    """By their names."""
    assert is_leak(tool)
    assert not is_leak("bandit")


def test_a_name_is_short_whatever_the_message() -> None:
    """It is a record's id of a rule."""
    assert len(leak_name("word " * 5_000, "t" * 50)) <= 200
